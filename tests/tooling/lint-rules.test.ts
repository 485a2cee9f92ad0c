// takes: 10
/** Tests rules of biome.json that could silently match nothing: each rejects a bad sample and accepts a similar good one. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const root = join(import.meta.dirname, '../../..');

interface Diagnostic {
  readonly category: string;
  readonly message: string;
  readonly location: { readonly path: string; readonly start: { readonly line: number } };
}

/** GritQL plugin names by message; Biome reports all of them as `plugin`. */
const plugins = new Map(
  readdirSync(join(root, 'scripts/lint')).map((file) => {
    const [, message] = /message\s*=\s*"(.*)"/.exec(readFileSync(join(root, 'scripts/lint', file), 'utf8')) ?? [];
    return [message, file.replace('.grit', '')] as const;
  }),
);

/** The rules tested here; other diagnostics of a sample are ignored. */
const tested = new Set([
  ...plugins.values(),
  'noExcessiveLinesPerFile',
  'noExcessiveLinesPerFunction',
  'noProcessEnv',
  'noRestrictedGlobals',
  'useFilenamingConvention',
  'useNamingConvention',
]);

/** Lints a file as if it were in this workspace. */
function lint(file: string, text: string): readonly Diagnostic[] {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-lint-'));
  try {
    for (const path of ['biome.json', 'scripts/lint'])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    const args = ['lint', '--reporter=json', '--max-diagnostics=none', '--colors=off', '.'];
    const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
    const done = spawnSync(process.execPath, [biome, ...args], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 50_000_000,
    });
    return (JSON.parse(done.stdout) as { readonly diagnostics: readonly Diagnostic[] }).diagnostics;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `line rule` of every diagnostic, in line order. */
function refusals(path: string, text: string): string[] {
  const found = lint(path, text).map(({ category, message, location }) => {
    const rule = category === 'plugin' ? (plugins.get(message) ?? message) : category.split('/').at(-1);
    return { line: location.start.line, rule: rule ?? category };
  });
  const known = found.filter(({ rule }) => tested.has(rule)).sort((a, b) => a.line - b.line);
  return known.map(({ line, rule }) => `${line} ${rule}`);
}

function refuses(path: string, text: string, ...expected: string[]): void {
  assert.equal(refusals(path, text), expected);
}

const accepts = (path: string, text: string): void => refuses(path, text);

const functionOf = (lines: number): string => `export function long() {\n${'  f();\n'.repeat(lines - 2)}}\n`;

/** Each starts Biome several times. */
const patience = { timeoutMs: 60_000 };

spec('lint rules', (test) => {
  test(
    'a file has at most 500 lines',
    () => {
      accepts('kernel/src/a.ts', 'f();\n'.repeat(500));
      refuses('kernel/src/a.ts', 'f();\n'.repeat(501), '1 noExcessiveLinesPerFile');
    },
    patience,
  );

  test(
    'a function has at most 80 lines',
    () => {
      accepts('kernel/src/a.ts', functionOf(80));
      refuses('kernel/src/a.ts', functionOf(83), '1 noExcessiveLinesPerFunction');
    },
    patience,
  );

  test(
    'a list of tests may be long, a function beside it may not',
    () => {
      const list = `spec('s', (test) => {\n${"  test('a', f);\n".repeat(90)}});\n`;
      accepts('tests/a.test.ts', list + functionOf(80));
      refuses('tests/a.test.ts', list + functionOf(83), '93 no-long-test-function');
    },
    patience,
  );

  test(
    'tests share no variable',
    () => {
      const body =
        "  let shared = 1;\n  shared += 1;\n  test('a', () => {\n    let own = shared;\n    own += 1;\n  });\n";
      refuses('tests/a.test.ts', `spec('s', (test) => {\n${body}});\n`, '2 no-shared-test-variable');
      refuses('tests/a.ts', `export function laws(test: Test) {\n${body}}\n`, '2 no-shared-test-variable');
    },
    patience,
  );

  test(
    'a module keeps no variable',
    () => {
      const refused = ['1 no-module-variable', '2 no-module-variable'];
      refuses('kernel/src/a.ts', 'let b = f();\nexport let c = f();\nb = c;\nc = b;\n', ...refused);
      accepts('kernel/src/a.ts', 'export const a = 1;\nexport function f() {\n  let b = 2;\n  b += 1;\n}\n');
      accepts('scripts/a.mjs', 'for (let b = 2; b < 3; b += 1) {\n  let c = b;\n  c += 1;\n}\n');
    },
    patience,
  );

  test(
    'the environment is read in config.ts and in one file of the command line only, in every spelling',
    () => {
      const plain = 'export const a = process.env.A;\n';
      refuses('services/host/src/root.ts', plain, '1 noProcessEnv');
      refuses('clients/cli/src/main.ts', plain, '1 noProcessEnv');
      refuses('kernel/src/a.ts', "import { env } from 'node:process';\nf(env.A);\n", '2 noProcessEnv');
      for (const spelling of ["globalThis.process['env']", "process['env']", 'globalThis.process.env']) {
        refuses('kernel/src/a.ts', `export const a = ${spelling};\n`, '1 noProcessEnv');
      }
      for (const spelling of ['{ env: e } = process', '{ env } = globalThis.process']) {
        refuses('kernel/src/a.ts', `export const ${spelling};\n`, '1 no-process-env-destructuring');
      }
      accepts('services/host/src/config.ts', plain);
      accepts('clients/cli/src/environment.ts', plain);
      accepts('tests/a.test.ts', plain);
    },
    patience,
  );

  const impure: Record<string, string> = {
    'Date.now()': 'pure',
    'new Date()': 'pure',
    'Math.random()': 'pure',
    "'a'.localeCompare('b')": 'pure',
    'new Date(1).toLocaleString()': 'pure',
    'async () => 1': 'pure',
    'async function () {}': 'pure',
    '{ async f() {} }': 'pure',
    'class { public async f() {} }': 'pure',
    'process.pid': 'noRestrictedGlobals',
    'performance.now()': 'noRestrictedGlobals',
    "fetch('a')": 'noRestrictedGlobals',
    'crypto.randomUUID()': 'noRestrictedGlobals',
    'setTimeout(f)': 'noRestrictedGlobals',
    'globalThis.Date': 'noRestrictedGlobals',
    'new Intl.NumberFormat()': 'noRestrictedGlobals',
  };

  test(
    'the engine and control types take time and chance as arguments',
    () => {
      const text = Object.keys(impure)
        .map((expression, place) => `export const a${place} = ${expression};\n`)
        .join('');
      const refused = Object.values(impure).map((rule, place) => `${place + 1} ${rule}`);
      refuses('kernel/src/engine/a.ts', text, ...refused);
      refuses('plugins/flow/src/a.ts', text, ...refused);
      accepts('kernel/src/run-loop/a.ts', text);
      accepts('kernel/src/engine/a.ts', 'export const at = (ms: number) => new Date(ms).toISOString();\n');
    },
    patience,
  );

  test(
    'the engine waits for nothing',
    () => {
      const text = 'export async function f(all) {\n  await f();\n  for await (const one of all) g(one);\n}\n';
      refuses('kernel/src/engine/a.ts', text, '1 pure', '2 pure', '3 pure');
      accepts('kernel/src/a.ts', text);
    },
    patience,
  );

  test(
    'an error thrown for another keeps it as its cause',
    () => {
      const wrap = (binding: string, options: string): string =>
        `try {\n  f();\n} catch ${binding}{\n  throw new LlmteamError('CLOSED', 'm'${options});\n}\n`;
      accepts('kernel/src/a.ts', wrap('(cause) ', ', { cause }'));
      accepts('kernel/src/a.ts', wrap('(error) ', ', { cause: error }'));
      refuses('kernel/src/a.ts', wrap('', ''), '4 keep-error-cause');
      refuses('kernel/src/a.ts', wrap('(error) ', ', { cause: other }'), '4 keep-error-cause');
      const nested = (cause: string): string =>
        `try {\n  f();\n} catch (outer) {\n  g(outer);\n  ${wrap('(inner) ', cause)}}\n`;
      accepts('kernel/src/a.ts', nested(', { cause: inner }'));
      refuses('kernel/src/a.ts', nested(', { cause: outer }'), '8 keep-error-cause');
    },
    patience,
  );

  test(
    'code is camelCase, types are PascalCase, files are kebab-case',
    () => {
      refuses('kernel/src/a.ts', 'export function do_it() {}\n', '1 useNamingConvention');
      refuses('kernel/src/a.ts', 'export const do_it = () => 1;\n', '1 useNamingConvention');
      refuses('kernel/src/a.ts', 'export class A {\n  do_it() {}\n}\n', '2 useNamingConvention');
      refuses('kernel/src/a.ts', 'export type run_key = string;\n', '1 useNamingConvention');
      refuses('kernel/src/aFile.ts', 'export const a = 1;\n', '0 useFilenamingConvention');
    },
    patience,
  );

  test(
    'data fields are snake_case, also where they are destructured',
    () => {
      const type = 'export interface Event {\n  readonly run_id: string;\n}\n';
      const use = 'export const of = ({ run_id }: Event): Event => ({ run_id });\n';
      accepts('kernel/src/a.ts', `${type}${use}const { run_id } = f();\ng(run_id);\n`);
    },
    patience,
  );
});
