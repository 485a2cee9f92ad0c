import { isLlmteamError, type Problem } from '@llmteam/contracts';
import { validateText } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { chain } from './support/segments.js';
import { testContext } from './support/test-catalog.js';

const articleWriter = `{
  "version": "1.0",
  "segment_id": "article_writer",
  "name": "Article Writer Pipeline",
  "entrypoint": "research",
  "steps": [
    {
      "step_id": "research",
      "type": "llm_agent",
      "config": {
        "llm_ref": "gpt4",
        "system_prompt": "You are a researcher..."
      }
    }
  ]
}
`;

const withMistakes = `{
  "segment_id": "article_writer",
  "name": "Article Writer Pipeline",
  "entrypoint": "reserch",
  "steps": [
    {
      "step_id": "research",
      "tpye": "llm_agent",
      "config": { "llm_ref": "gpt4" }
    },
    {
      "step_id": "write",
      "type": "llm_agent",
      "config": {
        "llm_ref": "gpt4",
        "temperature": 7,
        "user_prompt_template": "Write: \${steps.reserch.output}"
      }
    }, 17
  ],
  "edges": [
    { "from": "research", "to": "wriet" }
  ]
}
`;

function lines(problems: readonly Problem[]): string[] {
  return problems.map(({ line, code, message }) => `${line} ${code}: ${message}`);
}

spec('validateText', (test) => {
  test("the seed's example is valid and comes back as written", () => {
    const { segment, problems } = validateText(articleWriter, testContext());
    assert.equal(problems, []);
    assert.equal(segment, JSON.parse(articleWriter));
  });

  test('all mistakes are told at once, one message for each, in the order of the text, with their lines', () => {
    const { segment, problems } = validateText(withMistakes, testContext());
    assert.is(segment, null);
    assert.equal(lines(problems), [
      "4 INVALID_ENTRYPOINT: the entrypoint 'reserch' is not a step, did you mean 'research'?",
      "8 UNKNOWN_FIELD: step 'research': unknown key 'tpye', did you mean 'type'?",
      "16 SCHEMA_VIOLATION: step 'write', config: 'temperature' must be at most 2",
      "17 UNKNOWN_VARIABLE: step 'write', config: \"steps.reserch.output\" reads, at 0, step 'reserch', " +
        "which does not exist, did you mean 'research'?",
      '19 INVALID_TYPE: step no. 3 must be an object, not the number 17',
      "22 INVALID_REFERENCE: edge 'research' → 'wriet': there is no step 'wriet', did you mean 'write'?",
    ]);
  });

  test('what is missing has the line of what it is missing from', () => {
    const { problems } = validateText('\n{\n"steps": [\n\n{}]}', testContext());
    assert.equal(
      problems.map(({ line, code, path }) => `${line} ${code} ${path}`),
      [
        '2 MISSING_FIELD /segment_id',
        '2 MISSING_FIELD /name',
        '2 MISSING_FIELD /entrypoint',
        '5 MISSING_FIELD /steps/0/step_id',
        '5 MISSING_FIELD /steps/0/type',
      ],
    );
  });

  test('with warnings alone there is a segment', () => {
    const text = JSON.stringify({ ...chain('a', 'b'), edges: [] });
    const { segment, problems } = validateText(text, testContext());
    assert.equal(lines(problems), [
      "1 UNREACHABLE_STEP: step 'b' is never run: no path leads to it from the entrypoint",
    ]);
    assert.is(segment?.segment_id, 'test');
  });

  test('lines do not depend on the byte order mark, and follow keys that need escapes', () => {
    const text = '\uFEFF{"metadata": {"a/b~c": 1},\n"a/b~c": 2}';
    const { problems } = validateText(text, testContext());
    const unknown = problems.find((problem) => problem.code === 'UNKNOWN_FIELD');
    assert.is(unknown?.path, '/a~1b~0c');
    assert.is(unknown?.line, 2);
  });

  test('a text that is not JSON throws JSON_INVALID with its place', () => {
    try {
      validateText('{\n  "steps": [,]\n}', testContext());
      assert.unreachable();
    } catch (thrown) {
      assert.ok(isLlmteamError(thrown));
      assert.is(thrown.code, 'JSON_INVALID');
      assert.equal(thrown.details, { line: 2, column: 13 });
    }
  });

  test('a key that occurs twice is refused where it occurs again', () => {
    assert.throws(() => validateText('{"name": "a",\n"name": "b"}', testContext()), /"name" occurs twice .* line 2/);
  });

  test('a text of more than 4 MiB is one problem; one just below is read', () => {
    const padded = (bytes: number): string => articleWriter + ' '.repeat(bytes - articleWriter.length);
    const cap = 4 * 1024 * 1024;
    const { segment, problems } = validateText(padded(cap + 1), testContext());
    assert.is(segment, null);
    assert.equal(lines(problems), [`1 LIMIT_EXCEEDED: the segment has ${cap + 1} bytes, at most ${cap} are allowed`]);
    assert.is(validateText(padded(cap), testContext()).segment?.name, 'Article Writer Pipeline');
  });
});
