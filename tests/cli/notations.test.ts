// takes: 20
/** Segment files in other notations than JSON. */
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { jsonOf, withCli } from './support/cli.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

const yaml = `# doubles
segment_id: twice
name: Twice
entrypoint: double
steps:
  - step_id: double
    type: transform
    config: &config
      expression: input.n * 2.0
  - { step_id: again, type: transform, config: *config }
`;

spec('segment files', (test) => {
  test(
    'in YAML and in JSON with comments are validated, run and drawn',
    () =>
      withCli(async ({ write, call }) => {
        write('twice.yaml', yaml.replace('  - { step_id: again, type: transform, config: *config }\n', ''));
        const run = await call(['run', 'twice.yaml', '-j', '{"n": 4}']);
        assert.is(run.code, 0, run.stderr);
        assert.match(run.stdout, /"output": 8\b/);
        write('doubling.jsonc', `// doubles\n${JSON.stringify(doubling, null, 1).replace(/}$/, ',}')}`);
        assert.is((await call(['validate', 'doubling.jsonc'])).code, 0);
        assert.match((await call(['graph', 'twice.yaml', '--format', 'mermaid'])).stdout, /double/);
      }),
    patience,
  );

  test(
    'in YAML tell the lines of problems, through anchors and flow style',
    () =>
      withCli(async ({ write, call }) => {
        write('twice.yml', yaml.replace('expression:', 'expresion:'));
        const { code, stdout } = await call(['validate', 'twice.yml']);
        assert.is(code, 1);
        assert.match(stdout, /^twice\.yml:9: error UNKNOWN_FIELD step 'double'.*did you mean 'expression'/m);
        assert.match(stdout, /^twice\.yml:10: .*UNREACHABLE_STEP|^twice\.yml:10: /m);
      }),
    patience,
  );

  for (const [what, text, expected] of [
    ['is not YAML', 'a: [1', /YAML_INVALID .*at line 1, column/],
    ['says a key twice', 'a: 1\na: 2', /YAML_INVALID .*at line 2, column 1/],
    [
      'has a key of a prototype',
      'a:\n  __proto__: 1',
      /YAML_INVALID the key '__proto__' is not allowed at line 2, column 3/,
    ],
    ['has a tag', 'a: !!js/function x', /YAML_INVALID .*at line 1, column 4/],
    ['has a number that JSON has not', 'a: .nan', /YAML_INVALID NaN, which is not JSON at line 1, column 4/],
    ['is nested too deep', '['.repeat(20_000), /YAML_INVALID/],
    [
      'expands to billions of values',
      Array.from({ length: 40 }, (_, at) =>
        at === 0 ? 'a0: &a0 [x, x]' : `a${at}: &a${at} [*a${at - 1}, *a${at - 1}]`,
      ).join('\n'),
      /YAML_INVALID more than 200000 values in one text/,
    ],
    ['refers to itself', 'a: &a [*a]', /YAML_INVALID/],
    [
      'holds two documents',
      'a: 1\n---\nb: 2',
      /YAML_INVALID a second document begins, but a file holds one segment at line 2, column 1/,
    ],
  ] as const) {
    test(
      `a YAML file that ${what} is one problem with its place`,
      () =>
        withCli(async ({ write, call }) => {
          write('file.yaml', text);
          const { code, stdout, stderr } = await call(['validate', 'file.yaml']);
          assert.is(code, 1, stderr);
          assert.match(stdout, expected);
          assert.is(stdout.trim().split('\n').length, 1, stdout);
        }),
      patience,
    );
  }

  test(
    'in YAML that are not UTF-8 are told as YAML',
    () =>
      withCli(async ({ write, call }) => {
        for (const name of ['file.yaml', 'file.YML']) {
          write(name, new Uint8Array([0x61, 0x3a, 0x20, 0xff]));
          const { code, stderr } = await call(['validate', name]);
          assert.is(code, 1);
          assert.match(stderr, `error YAML_INVALID: '${name}' is not UTF-8 text`);
        }
      }),
    patience,
  );

  for (const [what, text, expected] of [
    ['without end', '{\n  "a": 1 /* one\n}', /^file\.jsonc:2:10: error JSON_INVALID the comment .* has no '\*\/'/],
    ['without end, after the value', '{}\n/* one', /^file\.jsonc:2:1: error JSON_INVALID the comment .* has no '\*\/'/],
    [
      'that begins with #',
      '{ # one\n}',
      /^file\.jsonc:1:3: error JSON_INVALID a comment begins with '\/\/' or '\/\*', not with '#'/,
    ],
  ] as const) {
    test(
      `in JSON with comments tell the place of one ${what}`,
      () =>
        withCli(async ({ write, call }) => {
          write('file.jsonc', text);
          const { code, stdout } = await call(['validate', 'file.jsonc']);
          assert.is(code, 1);
          assert.match(stdout, expected);
          assert.not.match(stdout, 'name the file');
        }),
      patience,
    );
  }

  test(
    'that are not JSON say which notation they are in, and how to name the file',
    () =>
      withCli(async ({ write, call }) => {
        const told = async (text: string): Promise<string> => {
          write('file.json', text);
          return (await call(['validate', 'file.json'])).stdout;
        };
        assert.match(await told('{\n  // a\n}'), /^file\.json:2:3: error JSON_INVALID .*comment.*\.jsonc/);
        assert.match(await told('{"a": 1,\n}'), /^file\.json:2:1: error JSON_INVALID .*comma.*\.jsonc/);
        assert.match(await told(yaml), /^file\.json:1:1: error JSON_INVALID .*YAML.*\.yaml/);
      }),
    patience,
  );
});

spec('referenced segments', (test) => {
  const parent = (ref: string) => ({
    segment_id: 'parent',
    name: 'Parent',
    entrypoint: 'child',
    steps: [{ step_id: 'child', type: 'subworkflow', config: { segment_ref: ref } }],
  });

  test(
    'are found by validate as by run: under their id, in any notation',
    () =>
      withCli(async ({ write, call }) => {
        write('parent.json', parent('twice'));
        write('twice.yaml', yaml);
        for (const command of ['validate', 'run']) {
          const { code, stdout, stderr } = await call([command, 'parent.json']);
          assert.is(code, command === 'validate' ? 0 : 1, stdout + stderr);
        }
        write('other.json', { ...doubling, segment_id: 'another' });
        write('parent.json', parent('other'));
        for (const command of ['validate', 'run']) {
          const { code, stdout, stderr } = await call([command, 'parent.json']);
          assert.is(code, 1, command);
          assert.match(stdout + stderr, /other\.json.*INVALID_REFERENCE.*segment_id is 'another'/, command);
        }
      }),
    patience,
  );

  test(
    'with problems are told with their file, in JSON too',
    () =>
      withCli(async ({ write, call }) => {
        write('parent.json', parent('broken'));
        write('broken.json', { ...doubling, segment_id: 'broken', entrypoint: 'nowhere' });
        const { valid, problems } = jsonOf(await call(['validate', 'parent.json', '--json'])) as {
          valid: boolean;
          problems: { file?: string; code: string }[];
        };
        assert.not(valid);
        assert.equal(
          problems.map(({ file, code }) => [file, code]),
          [['broken.json', 'INVALID_ENTRYPOINT']],
        );
      }),
    patience,
  );
});

spec('llmteam schema', (test) => {
  test(
    'writes a schema that knows the step types',
    () =>
      withCli(async ({ call }) => {
        const printed = await call(['schema']);
        assert.is(printed.code, 0, printed.stderr);
        const { definitions } = jsonOf(printed) as { definitions: object };
        assert.ok('llm_agent_config' in definitions);
        const written = await call(['schema', '--out', 'segment.schema.json']);
        assert.is(written.stdout, '');
        assert.is((await call(['schema', '--out', 'no/such/folder/x.json'])).code, 1);
      }),
    patience,
  );
});
