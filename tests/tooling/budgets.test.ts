import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const limits = { file_lines: 20, function_lines: 5 };

interface Checker {
  checkWorkspace(root: string): { readonly problems: readonly string[] };
}

const script = join(import.meta.dirname, '../../../scripts/workspace-budgets.mjs');
const { checkWorkspace } = (await import(pathToFileURL(script).href)) as Checker;

function check(files: Record<string, string>, exceptions: readonly object[] = []): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-budgets-'));
  try {
    const budgets = { 'scripts/budgets.json': JSON.stringify({ limits, exceptions }) };
    for (const [path, text] of Object.entries({ ...files, ...budgets })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return checkWorkspace(folder).problems;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The file has exactly the problems whose beginnings are given. */
function has(path: string, text: string, ...expected: string[]): void {
  const problems = check({ [path]: text });
  const places = problems.map((problem) => problem.slice(path.length + 1).replace(/:.*/, ''));
  assert.equal(places, expected, problems.join('\n'));
}

const longFunction = 'export function long() {\n  a();\n  b();\n  c();\n  d();\n}\n';

spec('budgets', (test) => {
  test('a file may have as many lines as the limit and not one more', () => {
    has('kernel/src/a.ts', '// line\n'.repeat(20));
    has('kernel/src/a.ts', '// line\n'.repeat(21), '1 file-lines');
  });

  test('a function may have as many lines as the limit and not one more', () => {
    has('kernel/src/a.ts', longFunction.replace('  d();\n', ''));
    has('kernel/src/a.ts', longFunction, '1 function-lines');
    has(
      'kernel/src/a.ts',
      'export const x = {\n  y: () => {\n    a();\n    b();\n    c();\n    d();\n  },\n};\n',
      '2 function-lines',
    );
  });

  test('a list of tests may be long, the function beside it may not', () => {
    const list = "spec('s', (test) => {\n  test('a', f);\n  test('b', f);\n  test('c', f);\n  test('d', f);\n});\n";
    has('tests/a.test.ts', list);
    has('tests/a.test.ts', list + longFunction, '7 function-lines');
  });

  test('tests share no variable', () => {
    has(
      'tests/a.test.ts',
      "spec('s', (test) => {\n  let shared = 1;\n  test('a', () => shared);\n});\n",
      '2 shared-let',
    );
  });

  test('a module keeps no variable', () => {
    has('kernel/src/a.ts', 'const a = 1;\nlet b = 2;\nexport var c = 3;\n', '2 module-let', '3 module-let');
    has('kernel/src/a.ts', 'export function f() {\n  let b = 2;\n  b += 1;\n}\n');
  });

  test('the environment is read in config.ts only, in every spelling', () => {
    has('services/x/src/root.ts', 'export const a = process.env.A;\n', '1 process-env');
    has('services/x/src/root.ts', "export const a = globalThis.process['env'];\n", '1 process-env');
    has('services/x/src/root.ts', "import { env } from 'node:process';\n", '1 process-env');
    has('services/x/src/root.ts', 'const { env: e } = process;\n', '1 process-env');
    has('services/x/src/config.ts', 'export const a = process.env.A;\n');
  });

  test('one file of the command line may read the environment, two may not', () => {
    const reads = 'export const a = process.env.A;\n';
    assert.equal(check({ 'clients/cli/src/a.ts': reads }), []);
    const two = check({ 'clients/cli/src/a.ts': reads, 'clients/cli/src/b.ts': reads });
    assert.match(two.join(), /2 files read process\.env/);
  });

  test('a file or folder that is a drawer is refused by name', () => {
    has('kernel/src/utils.ts', 'export {};\n', '1 name');
    has('kernel/src/helpers/a.ts', 'export {};\n', '1 name');
    has('kernel/src/uncommon.ts', 'export {};\n');
  });

  test('the engine takes time and chance as arguments', () => {
    const impure = [
      'export const a = Date.now();',
      'export const b = new Date();',
      'export const c = Math.random();',
      'export const d = async () => 1;',
      "export const e = 'a'.localeCompare('b');",
      'export const f = setTimeout(() => 1);',
    ];
    const expected = impure.map((_, index) => `${index + 1} pure`);
    has('kernel/src/engine/a.ts', `${impure.join('\n')}\n`, ...expected);
    has('plugins/flow/src/a.ts', `${impure.join('\n')}\n`, ...expected);
    has('kernel/src/run-loop/a.ts', `${impure.join('\n')}\n`);
    has('kernel/src/engine/a.ts', 'export const at = (ms: number) => new Date(ms).toISOString();\n');
  });

  test('an error thrown for another keeps it as its cause', () => {
    const wrap = (binding: string, options: string) =>
      `try {\n  f();\n} catch ${binding}{\n  throw new LlmteamError('CLOSED', 'm'${options});\n}\n`;
    has('kernel/src/a.ts', wrap('(cause) ', ', { cause }'));
    has('kernel/src/a.ts', wrap('(error) ', ', { cause: error }'));
    has('kernel/src/a.ts', wrap('(error) ', ''), '4 cause');
    has('kernel/src/a.ts', wrap('', ''), '4 cause');
  });

  test('unfinished work is not left in a comment', () => {
    has('kernel/src/a.ts', `// ${'TO'}${'DO'}: later\nexport {};\n`, '1 unfinished');
  });

  test('an exception counts up to its own limit, needs a reason and may not outlive its cause', () => {
    const files = { 'kernel/src/a.ts': longFunction };
    const exception = {
      rule: 'function-lines',
      path: 'kernel/src/a.ts',
      name: 'long',
      limit: 6,
      reason: 'a table of states',
    };
    assert.equal(check(files, [exception]), []);
    assert.match(check(files, [{ ...exception, limit: 5 }]).join(), /long: 6 lines/);
    assert.match(check(files, [{ ...exception, reason: '' }]).join(), /has no reason/);
    assert.match(check({ 'kernel/src/a.ts': 'export {};\n' }, [exception]).join(), /no longer needed/);
  });
});
