// timeout: 900
// takes: 60
/** A new author with nothing but the published packages: they are packed as `npm publish` would, and installed outside of the workspace. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { packageFolders } from '../docs/markdown-file.js';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

/** Runs a command; returns its output, and how long it took in `seconds`. */
function timed(seconds: Record<string, number>) {
  return (name: string, cwd: string, ...[program = '', ...args]: readonly string[]): string => {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    });
    seconds[name] = Math.round((performance.now() - began) / 100) / 10;
    assert.is(status, 0, `${name}\n${stdout}\n${stderr}`);
    return stdout;
  };
}

spec('a plugin from packed packages', (test) => {
  test(
    'from `plugin new` to a passing check and a first run',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'llmteam-packed-'));
      const seconds: Record<string, number> = {};
      const run = timed(seconds);
      try {
        const packed = join(folder, 'packed');
        mkdirSync(packed);
        const packages = packageFolders.map((name) => `./${name}`);
        run('pack', root, 'npm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', packed, ...packages);
        run(
          'new',
          folder,
          process.execPath,
          join(root, 'clients/cli/bin/llmteam.js'),
          'plugin',
          'new',
          '@acme/llmteam-wordcount',
        );
        const plugin = join(folder, 'llmteam-wordcount');
        const tarballs = readdirSync(packed).map((name) => join(packed, name));
        run(
          'install',
          plugin,
          'npm',
          'install',
          '--no-save',
          '--prefer-offline',
          '--no-audit',
          '--no-fund',
          ...tarballs,
        );
        run('build', plugin, 'npm', 'run', 'build');
        assert.match(run('check', plugin, 'npx', 'llmteam', 'plugin', 'check'), /^ok +task\.wordcount\.output$/m);
        const result = run('run', plugin, 'npx', 'llmteam', 'run', 'example.json', '-i', 'input.json', '-q');
        assert.is(JSON.parse(result).output, 2);
        run('test', plugin, 'npm', 'test');
        installElsewhere(folder, plugin, run);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      process.stdout.write(`seconds: ${JSON.stringify(seconds)}\n`);
    },
    { timeoutMs: 800_000 },
  );
});

/** The packed plugin works where only its package is, beside those it depends on. */
function installElsewhere(folder: string, plugin: string, run: ReturnType<typeof timed>): void {
  const [tarball = ''] = run('pack plugin', plugin, 'npm', 'pack', '--silent', '--pack-destination', folder)
    .trim()
    .split('\n')
    .slice(-1);
  const user = join(folder, 'user');
  mkdirSync(user);
  writeFileSync(join(user, 'package.json'), '{"private":true}');
  const needed = ['llmteam-plugin-', 'llmteam-contracts-'].map((prefix) => {
    const name = readdirSync(join(folder, 'packed')).find((one) => one.startsWith(prefix)) ?? '';
    return join(folder, 'packed', name);
  });
  run(
    'install plugin',
    user,
    'npm',
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    join(folder, tarball),
    ...needed,
  );
  writeFileSync(join(user, 'llmteam.config.json'), '{ "plugins": ["@acme/llmteam-wordcount"] }');
  writeFileSync(join(user, 'count.json'), readFileSync(join(plugin, 'example.json')));
  const cli = join(root, 'clients/cli/bin/llmteam.js');
  const result = run(
    'run elsewhere',
    user,
    process.execPath,
    cli,
    'run',
    'count.json',
    '-j',
    '"three whole words"',
    '-q',
  );
  assert.is(JSON.parse(result).output, 3);
}
