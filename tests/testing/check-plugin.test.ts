// timeout: 600
// takes: 35
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CheckPluginOptions, type CheckReport, checkPlugin } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { bundledChild } from './bundled-child.js';

interface Parts {
  /** Members of the task type. */
  readonly task?: string;
  /** Members of the plugin besides its task type. */
  readonly plugin?: string;
  /** Statements of the module. */
  readonly top?: string;
  readonly manifest?: object;
  readonly description?: object;
  readonly files?: Readonly<Record<string, string | null>>;
  /** Where symbolic links lead, by path. */
  readonly links?: Readonly<Record<string, string>>;
  readonly totalMs?: number;
}

const metadata = `{ type_id: 'made', display_name: 'Made', description: 'Made up.', category: 'utility', icon: 'box', color: '#000000',
  config_schema: { type: 'object', properties: { a: { type: 'integer' } }, additionalProperties: false },
  input_ports: [{ name: 'input', type: 'string', description: '', required: true }],
  output_ports: [{ name: 'output', type: 'string', description: '', required: true }],
  supports_retry: true, supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '', examples: [{ a: 1 }] }`;

function moduleOf({ task = '', plugin = '', top = '' }: Parts): string {
  return `${top}
    const task = { kind: 'task', metadata: ${metadata}, run: async (context, config, input) => ({ output: input }), ${task} };
    export default { name: 'made', api: 1, stepTypes: [task], ${plugin} };`;
}

/** Checks a package that is right except for what a test gives. */
async function check(
  parts: Parts,
  { config, ...options }: CheckPluginOptions = { child: bundledChild() },
): Promise<CheckReport> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-check-'));
  const description = {
    name: '@acme/made',
    version: '1.2.3',
    license: 'Apache-2.0',
    type: 'module',
    engines: { node: '>=20' },
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    files: ['dist'],
    llmteam: { kind: 'task', name: 'made', api: 1, ...parts.manifest },
    ...parts.description,
  };
  const files: Readonly<Record<string, string | null>> = {
    'package.json': JSON.stringify(description),
    LICENSE: 'Yours.',
    'README.md': '# Made',
    'dist/index.js': moduleOf(parts),
    'dist/index.d.ts': 'export {};',
    ...parts.files,
  };
  try {
    for (const [name, text] of Object.entries(files)) {
      if (text === null) continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    for (const [path, target] of Object.entries(parts.links ?? {})) symlinkSync(target, join(folder, path));
    const more = config === undefined ? {} : { config: join(folder, config) };
    const totalMs = parts.totalMs ?? 30_000;
    return await checkPlugin(folder, { deadlineMs: 3_000, abortMs: 300, totalMs, ...options, ...more });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failures({ checks }: CheckReport): string[] {
  return checks.filter(({ status }) => status === 'failed').map(({ id, message }) => `${id}: ${message}`);
}

const control = (react: string) =>
  `stepTypes: [{ kind: 'control', metadata: { ...${metadata}, type_id: 'gate' }, react(occurrence, view) { ${react} } }]`;

const provider = (generate: string) =>
  `modelProviders: [{ providerId: 'oracle', description: 'Asks.', config_schema: { type: 'object' },
    create: (config, host) => ({ provider: 'oracle', model: 'm', async generate({ signal }) { ${generate} } }) }]`;
const answer = "return { text: 'x', model: 'm', finish_reason: 'stop', usage: { input_tokens: 1, output_tokens: 1 } };";

/** What is wrong, and the one check that says so. */
const faults: Readonly<Record<string, readonly [Parts, RegExp]>> = {
  'a manifest of another API': [{ manifest: { api: 99 } }, /^package\.manifest: .*API 99/],
  'a manifest that is misspelt': [{ manifest: { nmae: 'made' } }, /^package\.manifest: .*nmae/],
  'a module that throws': [{ top: "throw new Error('boom');" }, /^plugin\.load: .*boom/],
  'a module that never loads': [
    { top: 'await new Promise(() => setInterval(() => {}, 1000));' },
    /^plugin\.load: .*3000 ms/,
  ],
  'a module that exits': [{ top: 'process.exit(0);' }, /^plugin\.load: its process ended early \(exit code 0\)/],
  'a module that blocks its process': [{ top: 'for (;;);', totalMs: 8_000 }, /^plugin\.load: .*does it block/],
  'an example that is no config': [
    { task: `metadata: { ...${metadata}, examples: [{ b: 1 }] }` },
    /^plugin\.load: .*examples\[0\]/,
  ],
  'two ports of one name': [
    { task: `metadata: { ...${metadata}, output_ports: [...${metadata}.output_ports, ...${metadata}.output_ports] }` },
    /^plugin\.load: .*port 'output' twice/,
  ],
  'a permission that is not declared': [
    { task: `metadata: { ...${metadata}, permissions: ['secret:key'] }` },
    /^plugin\.load: .*secret:key/,
  ],
  'no description': [
    { task: `metadata: { ...${metadata}, description: '' }` },
    /^plugin\.described: .*'made' has no description/,
  ],
  'a start that fails': [{ plugin: "start: async () => { throw new Error('no pool'); }" }, /^plugin\.start: .*no pool/],
  'a stop that hangs': [
    { plugin: 'start: async () => 1, stop: () => new Promise(() => {})' },
    /^plugin\.stop: .* took longer than \d+ ms to stop/,
  ],
  'a stop that throws': [
    { plugin: "start: async () => 1, stop: async () => { throw new Error('no end'); }" },
    /^plugin\.stop: .*no end/,
  ],
  'a handler that uses the global fetch, also if it hides the refusal': [
    { task: "run: async () => { await fetch('http://127.0.0.1:9').catch(() => {}); return { output: '' }; }" },
    /^task\.made\.output: it uses the global 'fetch', which is refused where plugins run isolated: use `context\.fetch`/,
  ],
  'a provider that uses the global fetch': [
    { plugin: provider("await fetch('http://127.0.0.1:9');"), manifest: { permissions: { network: ['*'] } } },
    /^provider\.oracle\.requests: it uses the global 'fetch'.*the `fetch` that `create` is given .*ProviderContext/,
  ],
  'a handler that reads files': [
    {
      top: "import fs from 'node:fs';",
      task: "run: async () => ({ output: fs.readFileSync('/etc/hosts', 'utf8') })",
    },
    /^isolated\.task\.made\.output: .*PERMISSION_DENIED: .*may not read '\/etc\/hosts' in a process of its own/,
  ],
  'a handler that starts processes': [
    {
      top: "import child from 'node:child_process';",
      task: "run: async () => ({ output: String(child.execFileSync(process.execPath, ['--version'])) })",
    },
    /^isolated\.task\.made\.output: .*PERMISSION_DENIED: .*may not start processes/,
  ],
  'a provider that opens connections': [
    {
      top: "import net from 'node:net';",
      plugin: provider(`net.connect(9, '127.0.0.1').on('error', () => {}); ${answer}`),
    },
    /^isolated\.provider\.oracle\.requests: .*the fetch that `create` is given/,
  ],
  'an output that does not fit its schema': [
    { task: 'run: async () => ({ output: 1 })' },
    /^task\.made\.output: .*examples\[0\].*output/,
  ],
  'a port that is not there': [{ task: "run: async () => ({ output: '', other: 1 })" }, /^task\.made\.output: .*other/],
  'a handler that throws': [{ task: "run: async () => { throw new Error('boom'); }" }, /^task\.made\.output: .*boom/],
  'a secret that is not declared': [
    { task: "run: async ({ secret }) => ({ output: secret('k') })" },
    /^task\.made\.output: .*PERMISSION_DENIED/,
  ],
  'a handler that blocks its process': [
    { task: 'run: async () => { for (;;); }', totalMs: 12_000 },
    /^task\.made\.output: .*does it block/,
  ],
  'a handler that exits': [{ task: 'run: async () => { process.exit(3); }' }, /^task\.made\.output: .*exit code 3/],
  'a handler that throws where nobody catches it': [
    {
      task: "run: async () => { setTimeout(() => { throw new Error('stray'); }, 0); await new Promise((r) => setTimeout(r, 30)); return { output: '' }; }",
    },
    /^task\.made\.output: .*STEP_FAILED: outside of the handler's promise: stray/,
  ],
  'a handler that ignores its signal': [
    {
      task: "run: async ({ fetch }) => { await fetch('https://a.example').catch(() => {}); await new Promise((r) => setTimeout(r, 2000)); return { output: '' }; }",
      manifest: { permissions: { network: ['a.example'] } },
    },
    /^task\.made\.abort: .*honor context\.signal/,
  ],
  'memos whose names change': [
    { task: "run: async ({ memo, attempt }) => { await memo('m' + attempt, async () => 1); return { output: '' }; }" },
    /^task\.made\.memo: .*'m2'/,
  ],
  'a control type that reads the clock': [
    { plugin: control("return { directives: [{ do: 'complete', ports: { output: String(Date.now()) } }] };") },
    /^control\.gate\.react: .*impure/,
  ],
  'a control type that throws after a while': [
    {
      plugin: control(
        "if (occurrence.kind === 'timer_fired') throw new Error('boom'); return { directives: [{ do: 'start_timer', name: 'a', after_seconds: 1 }] };",
      ),
    },
    /^control\.gate\.react: .*boom/,
  ],
  'a global that is changed': [{ top: 'globalThis.acme = 1;' }, /^process\.globals: globalThis\.acme was added/],
  'a prototype that is changed': [{ top: 'Array.prototype.acme = 1;' }, /^process\.globals: .*Array\.prototype\.acme/],
  'a built-in function that is replaced': [
    { top: 'JSON.parse = () => 1;' },
    /^process\.globals: JSON\.parse was changed|JSON/,
  ],
  'a listener of the process': [{ top: "process.on('SIGTERM', () => {});" }, /^process\.globals: .*SIGTERM/],
  'the environment changed': [
    { task: "run: async () => { process.env.ACME = '1'; return { output: '' }; }" },
    /^process\.globals: .*ACME/,
  ],
  'a timer that goes on': [{ top: 'setInterval(() => {}, 1000);' }, /^process\.idle: .*Timeout/],
  'no LICENSE and no README': [
    { files: { LICENSE: null, 'README.md': null } },
    /^package\.contents: it has no LICENSE; it has no README/,
  ],
  'dependencies that are found here alone': [
    { description: { dependencies: { '@acme/near': 'file:../near' }, peerDependencies: { far: 'link:../far' } } },
    /^package\.contents: '@acme\/near' in 'dependencies' .*'file:\.\.\/near'.*nobody else.*--no-save.*; 'far' in 'peerDependencies' /,
  ],
  'tests in the package': [
    { files: { 'dist/test/a.test.js': '' } },
    /^package\.contents: .*tests: 'dist\/test\/a\.test\.js'/,
  ],
  'types that are not there': [
    { description: { exports: { '.': { types: './dist/other.d.ts', default: './dist/index.js' } } } },
    /^package\.contents: .*dist\/other\.d\.ts/,
  ],
  'secrets in the package': [
    { description: { files: ['dist', '.env'] }, files: { '.env': 'KEY=1' } },
    /^package\.contents: .*'\.env'/,
  ],
  'a link that leads out of the package': [
    { links: { assets: '/', own: 'dist' } },
    /^package\.contents: the link '[^']*\/assets' leads to '\/', which is outside of it[^;]*$/,
  ],
  'no license': [{ description: { license: undefined } }, /^package\.contents: .*no 'license'/],
};

const timeoutMs = 60_000;

spec('checkPlugin', (test) => {
  test(
    'a plugin that is right passes every check, each of which has an id',
    async () => {
      const report = await check({ plugin: 'start: async () => 1, stop: async () => {}' }, { totalMs: 40_000 });
      assert.equal(failures(report), []);
      assert.ok(report.ok);
      assert.equal([report.package, report.version], ['made', '1.2.3']);
      assert.equal(
        report.checks.map(({ id, status }) => `${id} ${status}`),
        [
          'package.manifest ok',
          'package.contents ok',
          'plugin.load ok',
          'plugin.described ok',
          'plugin.start ok',
          'task.made.output ok',
          'task.made.abort ok',
          'task.made.memo skipped',
          'plugin.stop ok',
          'process.globals ok',
          'process.idle ok',
          'isolated.load ok',
          'isolated.task.made.output ok',
          'isolated.stop ok',
        ],
      );
    },
    { timeoutMs },
  );

  for (const [name, [parts, message]] of Object.entries(faults)) {
    test(
      `finds ${name}`,
      async () => {
        const report = await check(parts);
        assert.not(report.ok);
        const [first = 'nothing failed'] = failures(report);
        assert.match(first, message, first);
      },
      { timeoutMs },
    );
  }

  test(
    'runs the examples with the grant, the isolation and the settings of a configuration, which must name the package',
    async () => {
      const using = {
        plugin: 'start: async ({ settings }) => { if (settings.mode !== "good") throw new Error("bad settings"); }',
        task: "run: async ({ secret }) => ({ output: secret('key') })",
        manifest: { permissions: { secrets: ['key'] } },
      };
      const settings = { made: { mode: 'good' } };
      const withEntry = (entry: object) => ({
        ...using,
        files: { 'given.json': JSON.stringify({ plugins: [entry], settings }) },
      });
      const granted = await check(withEntry({ package: '.', grant: 'declared', isolation: 'thread' }), {
        child: bundledChild(),
        config: 'given.json',
      });
      assert.equal(failures(granted), []);
      assert.is(granted.checks.find(({ id }) => id === 'isolated.load')?.message, 'in a thread of its own');
      const bare = await check(withEntry({ package: '@acme/made', grant: {} }), {
        child: bundledChild(),
        config: 'given.json',
      });
      assert.match(
        failures(bare).join(),
        /^isolated\.task\.made\.output: .*PERMISSION_DENIED: .*secret 'key': the configuration does not grant it/,
      );
      const inline = await check(withEntry({ package: '.', grant: 'declared', isolation: 'inline' }), {
        child: bundledChild(),
        config: 'given.json',
      });
      assert.equal(failures(inline), []);
      assert.is(inline.checks.at(-1)?.message, 'the configuration runs it inline');
      const other = await check(withEntry({ package: './other', grant: {} }), {
        child: bundledChild(),
        config: 'given.json',
      });
      assert.match(failures(other).join(), /^package\.manifest: .*given\.json' has no entry .*'@acme\/made'/);
    },
    { timeoutMs },
  );

  test(
    'what depends on services that are not there is skipped and says so',
    async () => {
      const ask =
        "run: async ({ fetch }) => ({ output: (await (await fetch('https://a.example')).json()).text.trim() })";
      const report = await check({ task: ask, manifest: { permissions: { network: ['a.example'] } } });
      assert.equal(failures(report), []);
      const output = report.checks.find(({ id }) => id === 'task.made.output');
      assert.is(output?.status, 'skipped');
      assert.match(output?.message ?? '', /examples\[0\].*STEP_FAILED/);
    },
    { timeoutMs },
  );
});
