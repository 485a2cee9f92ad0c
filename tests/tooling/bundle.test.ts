import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const root = join(import.meta.dirname, '../../..');

interface Bundle {
  readonly code: number | null;
  readonly printed: string;
  /** Runs the bundle in a folder without packages and returns its output. */
  run(): string;
}

/** Bundles a made-up command line whose entry is `main.js`. */
function withBundle(files: Record<string, string>, use: (bundle: Bundle) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-bundle-'));
  const modules = join(folder, 'node_modules');
  const out = join(folder, 'out');
  try {
    symlinkSync(join(root, 'node_modules'), modules);
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const args = [join(root, 'scripts/bundle.mjs'), '--entry', join(folder, 'main.js'), '--out', out];
    const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
    rmSync(modules);
    const run = () => {
      const ran = spawnSync(process.execPath, [join(out, 'main.js')], { encoding: 'utf8' });
      return ran.stdout + ran.stderr;
    };
    use({ code: done.status, printed: done.stdout + done.stderr, run });
    assert.is(existsSync(out), done.status === 0, 'a failed bundle leaves no files');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

spec('bundle of the command line', (test) => {
  test('runs without installed packages, CommonJS and lazily loaded ones included', () => {
    const main = `import { createRequire } from 'node:module';
      import { Command } from 'commander';
      const require = createRequire(import.meta.url);
      const { parse } = await import('./lazy.js');
      console.log(new Command('c').name(), typeof require('node:fs').statSync, parse('a: 1').a);`;
    const lazy =
      "import { Agent } from 'undici'; export { parse } from 'yaml'; if (!Agent) throw new Error('no Agent');";
    withBundle({ 'main.js': main, 'lazy.js': lazy }, (bundle) => {
      assert.is(bundle.code, 0, bundle.printed);
      assert.match(bundle.printed, /bundle .*: \d+ files, \d+ kB, of which \d+ kB at start/);
      assert.is(bundle.run(), 'c function 1\n');
    });
  });

  test('leaves the stores to be found at run time', () => {
    const main = "for (const name of [() => import('libsql'), () => import('node:sqlite')]) console.log(String(name));";
    withBundle({ 'main.js': main }, (bundle) => {
      assert.match(bundle.run(), /import\(["'`]libsql["'`]\)[\s\S]*import\(["'`]node:sqlite["'`]\)/);
    });
  });

  test('refuses a dynamic import of a CommonJS package, whose named exports would be lost', () => {
    withBundle({ 'main.js': "const { Agent } = await import('undici'); console.log(typeof Agent);" }, (bundle) => {
      assert.is(bundle.code, 1);
      assert.match(bundle.printed, /import\('undici'\) is CommonJS/);
    });
  });

  test('refuses an entry that was not built', () => {
    withBundle({}, (bundle) => {
      assert.is(bundle.code, 1);
      assert.match(bundle.printed, /main\.js is missing: run tsc -b first/);
    });
  });
});
