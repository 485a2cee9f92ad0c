import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { root } from '../examples/llmteam-process.js';
import { spec } from '../support/spec.js';

interface Api {
  /** Writes the types and the version of the package. */
  write(types: string, version?: string): void;
  run(...args: readonly string[]): { readonly code: number | null; readonly printed: string };
}

function withApi(use: (api: Api) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-api-test-'));
  const reports = join(folder, 'reports');
  try {
    mkdirSync(join(folder, 'dist'));
    use({
      write(types, version = '1.0.0') {
        writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@acme/made', version }));
        writeFileSync(join(folder, 'dist/index.d.ts'), types);
      },
      run(...args) {
        const script = join(root, 'scripts/api-report.mjs');
        const { status, stdout, stderr } = spawnSync(
          process.execPath,
          [script, '--package', folder, '--reports', reports, ...args],
          { encoding: 'utf8' },
        );
        return { code: status, printed: stdout + stderr };
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const first =
  'export interface Made { readonly a: string; readonly b?: number }\nexport declare function make(a: string): Made;\n';
const timeoutMs = 120_000;

spec('the report of the public API', (test) => {
  test(
    'a changed public type without an updated report fails',
    () =>
      withApi(({ write, run }) => {
        write(first);
        assert.is(run('--check').code, 1, 'there is no report yet');
        assert.is(run().code, 0);
        assert.equal(run('--check'), { code: 0, printed: '' });
        write(first.replace('b?: number', 'b?: string'));
        const { code, printed } = run('--check');
        assert.is(code, 1);
        assert.match(printed, /made\.api\.md is stale/);
      }),
    { timeoutMs },
  );

  test(
    'a removal or narrowing of what was released fails without a new major version, an addition does not',
    () =>
      withApi(({ write, run }) => {
        write(first);
        assert.is(run('--release').code, 0);
        const check = (types: string, version: string): string => {
          write(types, version);
          return run('--check').printed.replace(/^.* is stale: .*\n/, '');
        };
        const added = `${first}export declare const more: number;\n`;
        assert.is(check(added, '1.0.1'), '');
        const removed = first.replace(/export declare function.*\n/, '');
        assert.match(
          check(removed, '1.1.0'),
          /made 1\.1\.0 breaks the API of 1\.0\.0.*new major[\s\S]*function make is gone/,
        );
        assert.match(check(first.replace('a: string)', "a: 'x')"), '1.1.0'), /function make: .*a: string/);
        assert.match(check(first.replace('readonly a: string; ', ''), '1.1.0'), /interface Made: readonly a: string/);
        assert.is(check(removed, '2.0.0'), '');
        assert.match(check(removed, '1.0.0'), /breaks/, 'the same version is not a new one');
      }),
    { timeoutMs },
  );

  test(
    'before 1.0, a new minor version may break what was before',
    () =>
      withApi(({ write, run }) => {
        write(first, '0.1.0');
        run('--release');
        const removed = first.replace(/export declare function.*\n/, '');
        write(removed, '0.1.1');
        assert.match(run('--check').printed, /takes a new minor version/);
        write(removed, '0.2.0');
        assert.not.match(run('--check').printed, /breaks/);
      }),
    { timeoutMs },
  );
});
