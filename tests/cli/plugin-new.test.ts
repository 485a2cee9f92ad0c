// timeout: 600
// takes: 70
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { linkModules } from '../support/linked-modules.js';
import { spec } from '../support/spec.js';
import { type Cli, type Ended, jsonOf, withCli } from './support/cli.js';

const patience = { timeoutMs: 240_000 };

/** A new plugin, with what is installed in this checkout. */
async function made({ call, folder }: Cli, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await call(['plugin', 'new', ...args]);
  assert.is(code, 0, stderr);
  assert.match(stderr, /^Created for LLMTeam \d+\.\d+\.\d+\. To test and check it: cd /);
  const cwd = join(folder, stdout.split('/')[0] ?? '');
  linkModules(cwd);
  return cwd;
}

async function npm(cli: Cli, cwd: string, ...args: readonly string[]): Promise<Ended> {
  const ended = await cli.launch(['npm', ...args], { cwd }).ended;
  assert.is(ended.code, 0, ended.stdout + ended.stderr);
  return ended;
}

spec('llmteam plugin new', (test) => {
  for (const [kind, output] of [
    ['task', 2],
    ['control', 7],
    ['provider', 'SAY HELLO'],
  ] as const) {
    test(
      `--${kind}: a package that lints, tests, passes its check and runs its example, as it is written`,
      () =>
        withCli(async (cli) => {
          const cwd = await made(cli, `@acme/llmteam-made-${kind}`, `--${kind}`);
          await npm(cli, cwd, 'run', 'lint');
          assert.match((await npm(cli, cwd, 'test')).stdout, /^# fail 0$/m);
          const checked = jsonOf<{ ok: boolean; package: string }>(
            await cli.call(['plugin', 'check', '--json'], { cwd }),
          );
          assert.equal([checked.ok, checked.package], [true, `made-${kind}`]);
          const ran = await cli.call(['run', 'example.json', '-i', 'input.json'], { cwd });
          assert.is(jsonOf(ran).output, output, ran.stderr);
          assert.not.match(ran.stderr, /warning/);
        }),
      patience,
    );
  }

  test(
    'the names of the package, the plugin and the type follow from the name; versions are those of the command line',
    () =>
      withCli(async (cli) => {
        const cwd = await made(cli, '@acme/llmteam-word-count', '--license', 'UNLICENSED');
        const text = (name: string): string => readFileSync(join(cwd, name), 'utf8');
        const description = JSON.parse(text('package.json'));
        const { version } = JSON.parse(readFileSync(join(root, 'clients/cli/package.json'), 'utf8'));
        assert.equal(
          [description.name, description.llmteam.name, description.license, description.dependencies],
          ['@acme/llmteam-word-count', 'word-count', 'UNLICENSED', { '@llmteam/plugin': `^${version}` }],
        );
        assert.match(text('src/index.ts'), "type: 'word_count'");
        assert.match(text('README.md'), /^# @acme\/llmteam-word-count\n/);
        assert.match(text('README.md'), `made by \`llmteam plugin new\` of version ${version}. `);
        assert.match(text('LICENSE'), 'All rights reserved');
        assert.ok(existsSync(join(cwd, '.gitignore')));
      }),
    patience,
  );

  test(
    'nothing is overwritten, built-in names are refused, and so is what npm would not publish',
    () =>
      withCli(async (cli) => {
        const refused = async (message: RegExp, ...args: readonly string[]): Promise<void> => {
          const { code, stderr } = await cli.call(['plugin', 'new', ...args]);
          assert.is(code, 2, stderr);
          assert.match(stderr, message);
        };
        cli.write('mine/package.json', {});
        await refused(/nothing was written: 'mine\/package\.json' would be overwritten/, 'mine');
        assert.not(existsSync(join(cli.folder, 'mine/README.md')));
        await refused(/'map' is built in/, 'map', '--control');
        await refused(/'offline' is built in/, 'offline', '--provider');
        for (const name of ['Mine', '../mine', '@acme/', 'a b', '', 'x'.repeat(300)])
          await refused(/cannot be the name/, name);
        await refused(/cannot be used with/, 'mine', '--task', '--control');
      }),
    patience,
  );

  test(
    'the check of a plugin that is wrong exits with 1 and names the place, also when its code exits',
    () =>
      withCli(async (cli) => {
        const cwd = await made(cli, 'made');
        await npm(cli, cwd, 'run', 'build');
        const built = join(cwd, 'dist/src/index.js');
        const right = readFileSync(built, 'utf8');
        writeFileSync(built, right.replace('output: words.length', 'outptu: words.length'));
        const wrong = await cli.call(['plugin', 'check'], { cwd });
        assert.is(wrong.code, 1);
        assert.match(wrong.stdout, /^failed {2}task\.made\.output {2}.*outptu/m);
        assert.match(wrong.stderr, /made 0\.1\.0: \d+ ok, [12] failed/);
        writeFileSync(built, `process.exit(0);\n${right}`);
        const gone = await cli.call(['plugin', 'check', '--json', cwd]);
        assert.is(gone.code, 1);
        assert.match(gone.stdout, /plugin\.load[\s\S]*ended early/);
        writeFileSync(built, 'for (;;);');
        const stuck = await cli.call(['plugin', 'check', '--timeout', '3', cwd]);
        assert.is(stuck.code, 1);
        assert.match(stuck.stdout, /^failed {2}plugin\.load .*block/m);
        const absent = await cli.call(['plugin', 'check', 'nowhere']);
        assert.is(absent.code, 1);
        assert.match(absent.stdout, /^failed {2}package\.manifest/m);
      }),
    patience,
  );
});
