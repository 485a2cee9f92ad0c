// takes: 20
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Ended, jsonOf, withCli } from './support/cli.js';
import { chain, doubling, transform } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

function refused({ code, stdout, stderr }: Ended, expected: RegExp): void {
  assert.is(code, 1, stderr);
  assert.is(stdout, '', 'nothing on stdout');
  assert.match(stderr, expected);
  assert.not.match(stderr, /\n\s+at |internal error/, 'no stack trace, no surprise');
}

/** File contents and what `run` reports for them. */
const files: readonly (readonly [what: string, content: unknown, expected: RegExp])[] = [
  ['is empty', '', /^file\.json:1:1: error JSON_INVALID expected a value/],
  ['is not JSON', '{\n  "segment_id": "a",\n  oops\n}', /^file\.json:3:3: error JSON_INVALID expected a key/],
  ['ends too early', '{"segment_id": "a"', /^file\.json:1:19: error JSON_INVALID/],
  ['is not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), /error JSON_INVALID: 'file\.json' is not UTF-8/],
  ['is a list', [], /file\.json:1: error INVALID_TYPE the segment must be an object/],
  ['has nothing in it', {}, /MISSING_FIELD.*segment_id[\s\S]*MISSING_FIELD.*steps/],
  ['has no steps', { ...doubling, steps: [], edges: [] }, /EMPTY_SEGMENT/],
  ['has wrong types', { ...doubling, name: 7, steps: 'many' }, /INVALID_TYPE.*name[\s\S]*INVALID_TYPE.*steps/],
  ['has unknown keys', { ...doubling, descripton: 'x' }, /UNKNOWN_FIELD.*descripton.*did you mean 'description'/],
  ['names a step twice', chain('twice', [transform('a', '1'), transform('a', '2')]), /DUPLICATE_ID/],
  ['has a bad id', { ...doubling, segment_id: 'Not Good' }, /INVALID_ID_FORMAT/],
  ['begins nowhere', { ...doubling, entrypoint: 'won' }, /INVALID_ENTRYPOINT.*did you mean 'one'/],
  ['goes in a circle', { ...doubling, edges: [...(doubling.edges ?? []), { from: 'wrap', to: 'double' }] }, /CYCLE/],
  [
    'names a type nobody has',
    chain('odd', [{ step_id: 'a', type: 'transfrom' }]),
    /UNKNOWN_TYPE.*did you mean 'transform'/,
  ],
  ['has a broken expression', chain('odd', [transform('a', '1 +')]), /INVALID_EXPRESSION/],
  [
    'hides keys of a prototype',
    '{"segment_id": "a", "__proto__": {"steps": []}}',
    /JSON_INVALID the key '__proto__' is not allowed/,
  ],
  ['says a key twice', '{"segment_id": "a", "segment_id": "b"}', /JSON_INVALID the key "segment_id" occurs twice/],
  ['is 10 MB of brackets', '['.repeat(10_000_000), /LIMIT_EXCEEDED.*10000000 bytes/],
  ['is nested too deep', `{"metadata": ${'['.repeat(100)}${']'.repeat(100)}}`, /JSON_INVALID nested deeper than 64/],
];

spec('segment files that cannot be run', (test) => {
  for (const [what, content, expected] of files) {
    test(
      `a file that ${what} ends with 1 and a line for each problem`,
      () =>
        withCli(async ({ write, call }) => {
          write('file.json', content);
          refused(await call(['run', 'file.json']), expected);
        }),
      patience,
    );
  }

  test(
    'a file that is missing, a folder or too large is told apart',
    () =>
      withCli(async ({ write, call }) => {
        write('folder/x.json', {});
        write(
          'steps.json',
          chain(
            'many',
            Array.from({ length: 100_000 }, (_, place) => transform(`s${place}`, '1')),
          ),
        );
        const [missing, folder, many] = await Promise.all([
          call(['run', 'no.json']),
          call(['run', 'folder']),
          call(['run', 'steps.json']),
        ]);
        refused(missing, /^error FILE_UNREADABLE: cannot read 'no\.json': there is no such file\n$/);
        refused(folder, /^error FILE_UNREADABLE: cannot read 'folder': it is a folder\n$/);
        refused(many, /LIMIT_EXCEEDED the segment has \d+ (bytes|steps), at most/);
      }),
    patience,
  );

  test(
    'a model that is not configured is told, with the ones there are',
    () =>
      withCli(async ({ write, call }) => {
        write('ask.json', chain('ask', [{ step_id: 'ask', type: 'llm_agent', config: { llm_ref: 'gpt4' } }]));
        refused(
          await call(['run', 'ask.json']),
          /ask\.json:1: error UNKNOWN_REF step 'ask': no llm_ref 'gpt4' is configured\n.*"gpt4":\{"provider":"offline"\}/,
        );
        write('llmteam.config.json', { llms: { gpt5: { provider: 'offline' } } });
        refused(await call(['run', 'ask.json']), /UNKNOWN_REF.*did you mean 'gpt5'\?/);
      }),
    patience,
  );

  test(
    'a segment beside the file that is missing, wrong or misnamed is told in its own file',
    () =>
      withCli(async ({ write, call }) => {
        const calling = chain('calling', [{ step_id: 'sub', type: 'subworkflow', config: { segment_ref: 'helper' } }]);
        write('calling.json', calling);
        refused(await call(['run', 'calling.json']), /calling\.json:1: error UNKNOWN_REF.*'helper'/);
        write('helper.json', { ...doubling, segment_id: 'helper', entrypoint: 'x' });
        refused(await call(['run', 'calling.json']), /helper\.json:1: error INVALID_ENTRYPOINT/);
        write('helper.json', doubling);
        refused(
          await call(['run', 'calling.json']),
          /helper\.json: error INVALID_REFERENCE .*segment_id is 'doubling'/,
        );
      }),
    patience,
  );

  test(
    'validate prints the same problems as a result, and as JSON with --json',
    () =>
      withCli(async ({ write, call }) => {
        write('good.json', doubling);
        write('bad.json', JSON.stringify({ ...doubling, entrypoint: 'won', extra: 1 }, null, 2));
        const [good, bad, json, notJson, missing] = await Promise.all([
          call(['validate', 'good.json']),
          call(['validate', 'bad.json']),
          call(['validate', 'bad.json', '--json']),
          call(['validate', '-', '--json'], { stdin: '{' }),
          call(['validate', 'no.json']),
        ]);
        assert.is(good.code, 0);
        assert.is(good.stdout, 'good.json: valid, 3 steps\n');
        assert.is(bad.code, 1);
        assert.is(bad.stderr, '');
        assert.match(bad.stdout, /^bad\.json:4: error INVALID_ENTRYPOINT .*\nbad\.json:\d+: error UNKNOWN_FIELD .*\n$/);
        const { valid, problems } = jsonOf<{ valid: boolean; problems: Record<string, unknown>[] }>(json);
        assert.is(json.code, 1);
        assert.is(valid, false);
        assert.equal(
          problems.map(({ code, path, severity }) => [severity, code, path]),
          [
            ['error', 'INVALID_ENTRYPOINT', '/entrypoint'],
            ['error', 'UNKNOWN_FIELD', '/extra'],
          ],
        );
        assert.is(jsonOf<{ valid: boolean }>(notJson).valid, false);
        assert.is(missing.code, 1);
        assert.match(missing.stderr, /FILE_UNREADABLE/);
      }),
    patience,
  );
});
