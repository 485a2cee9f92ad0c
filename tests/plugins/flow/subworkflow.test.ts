import { errorInfo, type JsonObject, type Occurrence } from '@llmteam/contracts';
import { subworkflowType } from '@llmteam/flow';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { drive, failure, fired, started } from './support/drive.js';

const config = { segment_ref: 'child' };
const completed: Occurrence = { kind: 'child_ended', status: 'completed', output: { a: 1 }, error: null };

spec('flow: subworkflow', (test) => {
  test('without mappings the child gets the input and its output is the output', () => {
    const step = drive(subworkflowType, { config, input: [1] });
    assert.equal(step.tell(started), [{ do: 'start_child', segment_ref: 'child', input: [1] }]);
    assert.equal(fired(step.tell(completed)), { output: { a: 1 } });
  });

  test("input_mapping makes the child's input, key by key", () => {
    const step = drive(subworkflowType, {
      config: { ...config, input_mapping: { topic: 'a', 'a/b~c': 'b' } },
      expressions: { '/input_mapping/topic': 'cats', '/input_mapping/a~1b~0c': 2 },
    });
    const input = { topic: 'cats', 'a/b~c': 2 };
    assert.equal(step.tell(started), [{ do: 'start_child', segment_ref: 'child', input }]);
  });

  test("output_mapping sees the child's output as input", () => {
    const step = drive(subworkflowType, {
      config: { ...config, output_mapping: { all: 'input', n: '1' } },
      input: 'not this',
      expressions: { '/output_mapping/all': ({ input = null }) => input, '/output_mapping/n': 1 },
    });
    step.tell(started);
    assert.equal(fired(step.tell(completed)), { output: { all: { a: 1 }, n: 1 } });
  });

  test('an empty mapping gives an empty object; a key called __proto__ is a key like any other', () => {
    const empty = drive(subworkflowType, { config: { ...config, input_mapping: {} }, input: 1 });
    assert.equal(empty.tell(started), [{ do: 'start_child', segment_ref: 'child', input: {} }]);
    const inputMapping: JsonObject = JSON.parse('{"__proto__": "x"}');
    const step = drive(subworkflowType, {
      config: { ...config, input_mapping: inputMapping },
      expressions: { '/input_mapping/__proto__': { evil: true } },
    });
    assert.is(
      JSON.stringify(step.tell(started)),
      '[{"do":"start_child","segment_ref":"child","input":{"__proto__":{"evil":true}}}]',
    );
  });

  test('a child that fails, times out or is cancelled fails the step, with its status and error', () => {
    for (const status of ['failed', 'timeout', 'cancelled'] as const) {
      const step = drive(subworkflowType, { config });
      step.tell(started);
      const cause = errorInfo('HTTP_FAILED', 'no route');
      const error = failure(step.tell({ kind: 'child_ended', status, output: null, error: cause }));
      assert.is(error.error_code, 'CHILD_RUN_FAILED');
      assert.match(error.error_message, `'child' ended as ${status}: HTTP_FAILED: no route`);
      assert.equal(error.details, { child_status: status, cause });
    }
  });

  test('a child that ended without an error to tell has none as its cause', () => {
    const step = drive(subworkflowType, { config });
    step.tell(started);
    const error = failure(step.tell({ kind: 'child_ended', status: 'cancelled', output: null, error: null }));
    assert.equal(error.details, { child_status: 'cancelled', cause: null });
  });

  test('the schema wants segment_ref, and CEL in the mappings', () => {
    assert.ok(fitsSchema(subworkflowType, config));
    assert.not(fitsSchema(subworkflowType, {}));
    assert.not(fitsSchema(subworkflowType, { ...config, input_mapping: { a: 1 } }));
  });
});
