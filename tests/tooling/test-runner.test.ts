// takes: 12
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const root = join(import.meta.dirname, '../../..');
const specUrl = pathToFileURL(join(root, 'tests/dist/support/spec.js')).href;
const assertUrl = pathToFileURL(join(root, 'node_modules/uvu/assert/index.mjs')).href;
const useSpec = `import { spec } from '${specUrl}';`;
const passing = `${useSpec} spec('good', (test) => { test('a', () => {}); test('b', async () => {}); });`;

interface Files {
  /** Compiled text by test file name; the source is the same text unless `sources` has one. */
  readonly compiled: Record<string, string>;
  readonly sources?: Record<string, string>;
}

interface Outcome {
  readonly code: number | null;
  readonly text: string;
  readonly lastLine: string;
}

/** Runs the runner on a folder of generated test files. */
function withFiles(files: Files, use: (run: (...words: string[]) => Outcome, folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-runner-'));
  try {
    mkdirSync(join(folder, 'dist'));
    for (const [name, text] of Object.entries({ ...files.compiled, ...files.sources })) {
      writeFileSync(join(folder, `${name}.test.ts`), text);
    }
    for (const [name, text] of Object.entries(files.compiled)) {
      writeFileSync(join(folder, 'dist', `${name}.test.js`), text);
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    use((...words) => {
      const args = [join(root, 'scripts/run-tests.mjs'), '--tests', folder, ...words];
      const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
      return {
        code: done.status,
        text: done.stdout + done.stderr,
        lastLine: done.stdout.trimEnd().split('\n').at(-1) ?? '',
      };
    }, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file with this text fails once, and the report names the reason. */
function refuses(text: string, reason: RegExp, source = text): void {
  withFiles({ compiled: { bad: text }, sources: { bad: source } }, (run) => {
    const { code, text: printed, lastLine } = run();
    assert.match(lastLine, /^\d+ passed, 1 failed$/);
    assert.match(printed, reason);
    assert.is(code, 1);
  });
}

spec('test runner', (test) => {
  test('sums the tests of all files that pass', () => {
    withFiles({ compiled: { one: passing, two: passing } }, (run) => {
      const { code, text, lastLine } = run();
      assert.is(lastLine, '4 passed, 0 failed', text);
      assert.is(code, 0);
    });
  });

  test('runs what failed once more, alone, and tells which of it is flaky', () => {
    const failing = `${useSpec} spec('bad', (test) => { test('fails', () => { throw new Error('always'); }); });`;
    const flaky = `${useSpec} import { existsSync, writeFileSync } from 'node:fs';
      const mark = new URL('mark', import.meta.url);
      spec('late', (test) => { test('fails at first', () => {
        if (existsSync(mark)) return;
        writeFileSync(mark, '');
        throw new Error('at first');
      }); });`;
    const alone = '// own process: to pass\n';
    withFiles({ compiled: { flaky, passing: `${alone}${passing}` } }, (run) => {
      const { code, text, lastLine } = run('--again', '1');
      assert.is(lastLine, '3 passed, 0 failed', text);
      assert.is(code, 0);
      assert.match(text, /FAIL flaky[\s\S]*at first[\s\S]*ok {3}flaky[\s\S]*^flaky: flaky failed, then passed alone$/m);
    });
    withFiles({ compiled: { failing, flaky: `${alone}${flaky}` } }, (run) => {
      assert.is(run('--again', '1').lastLine, '0 passed, 2 failed', 'two failed: neither gets a second chance');
    });
    withFiles({ compiled: { failing, flaky: `${alone}${flaky}` } }, (run) => {
      const { code, lastLine } = run('--again', '2');
      assert.is(lastLine, '1 passed, 1 failed');
      assert.is(code, 1);
    });
  });

  test('prints a failing file in full and a passing one in a line', () => {
    const failing = `${useSpec} import * as assert from '${assertUrl}';
      spec('bad', (test) => { test('fine', () => {}); test('two is three', () => { console.log('seen'); assert.is(2, 3); }); });`;
    withFiles({ compiled: { failing, passing: `// own process: to pass\n${passing}` } }, (run) => {
      const { code, text, lastLine } = run();
      assert.is(lastLine, '3 passed, 1 failed');
      assert.is(code, 1);
      assert.match(text, /FAIL failing/);
      assert.match(text, /seen/);
      assert.match(text, /two is three/);
      assert.match(text, /^ok {3}passing {2}2 tests {2}\d+ ms$/m);
    });
  });

  test('says what a passing file could not test here', () => {
    const text = `process.stderr.write('chatter\\nnot tested here: signals (no such thing)\\n'); ${passing}`;
    withFiles({ compiled: { lacking: text } }, (run) => {
      const { code, text: printed } = run();
      assert.is(code, 0, printed);
      assert.match(printed, /^ok {3}lacking .*\n {5}\| not tested here: signals \(no such thing\)$/m);
      assert.not.match(printed, /chatter/);
    });
  });

  test('runs only the files that a word of the command line names', () => {
    withFiles({ compiled: { journal: passing, queue: 'throw new Error("not to be run")' } }, (run) => {
      assert.is(run('jour').lastLine, '2 passed, 0 failed');
      assert.is(run('queue').code, 1);
    });
  });

  test('runs what a project includes, in its order, and fails if that is not there', () => {
    withFiles({ compiled: { one: passing, two: passing, other: passing } }, (run, folder) => {
      const project = join(folder, 'tsconfig.json');
      writeFileSync(project, '{ "include": ["two.test.ts", "one.test.ts"] }');
      const { text, lastLine } = run('--project', project);
      assert.is(lastLine, '4 passed, 0 failed');
      assert.not.match(text, /other/);
      writeFileSync(project, '{ "include": ["two.test.ts", "gone"] }');
      const { code, text: printed } = run('--project', project);
      assert.is(code, 1);
      assert.match(printed, /includes gone, which has no tests/);
    });
  });

  test('files of a folder share a process, except those whose first lines say otherwise', () => {
    const telling = (
      name: string,
    ) => `${useSpec} spec('s', (test) => { test('t', () => console.log('${name} in', process.pid)); });
      process.on('exit', () => { process.exitCode = 3; });`;
    const compiled = {
      one: telling('one'),
      two: telling('two'),
      alone: `// own process: it is asked for\n${telling('alone')}`,
      waiting: `// mostly waits\n${telling('waiting')}`,
      long: `// takes: 1000\n${telling('long')}`,
    };
    withFiles({ compiled }, (run) => {
      const { text } = run();
      const process = (name: string) => new RegExp(`${name} in (\\d+)`).exec(text)?.[1] ?? assert.unreachable(text);
      assert.is(process('one'), process('two'));
      assert.is(new Set(Object.keys(compiled).map(process)).size, 4);
      assert.match(text, /FAIL \{one,two\}/);
    });
  });

  test('what takes longest starts first', () => {
    const named = (head: string) => `// own process: to be seen\n${head}\n${passing}`;
    const compiled = { b: named('// takes: 50'), c: named(''), d: named('// takes: 70') };
    withFiles({ compiled }, (run) => {
      const { text } = run('--jobs=1');
      assert.equal(text.match(/(?<=^ok {3})\w(?= )/gm), ['d', 'b', 'c'], text);
    });
  });

  test('what mostly waits runs beside the busy ones', () => {
    const meets = (own: string, other: string) => `${useSpec} import { existsSync, writeFileSync } from 'node:fs';
      const here = (name) => new URL(name, import.meta.url);
      spec('s', (test) => { test('meets the other', async () => {
        writeFileSync(here('${own}'), '');
        while (!existsSync(here('${other}'))) await new Promise((go) => setTimeout(go, 5));
      }); });`;
    const compiled = { busy: meets('busy', 'waits'), waits: `// mostly waits\n${meets('waits', 'busy')}` };
    withFiles({ compiled }, (run) => {
      assert.is(run('--jobs=1').lastLine, '2 passed, 0 failed');
    });
  });

  test('refuses a file without tests among others', () => {
    withFiles({ compiled: { empty: 'export {};', passing } }, (run) => {
      const { code, text } = run();
      assert.is(code, 1);
      assert.match(text, /empty\.test\.js has no tests/);
    });
    withFiles({ compiled: { passing, second: 'export {};' } }, (run) => {
      assert.match(run().text, /second\.test\.js has no tests/);
    });
  });

  test('names the file of a shared process that it refuses', () => {
    const bad = ['test', "only('x', () => {});"].join('.');
    withFiles({ compiled: { good: passing, bad: passing }, sources: { bad } }, (run) => {
      assert.match(run().text, /bad uses \.only\(\)/);
    });
  });

  test('fails when no file matches', () => {
    withFiles({ compiled: { journal: passing } }, (run) => {
      const { code, lastLine } = run('nothing-like-it');
      assert.is(lastLine, '0 passed, 1 failed');
      assert.is(code, 1);
    });
  });

  test('does not run a compiled file whose source is gone', () => {
    withFiles({ compiled: { journal: passing } }, (run) => {
      const { lastLine } = run();
      assert.is(lastLine, '2 passed, 0 failed');
    });
    withFiles({ compiled: {}, sources: { journal: passing } }, (run) => {
      assert.match(run().text, /not compiled/);
    });
  });

  test('kills a file that outlives its limit, with what it started', () => {
    const text = `// timeout: 1\nimport { spawn } from 'node:child_process';
      spawn('sleep', ['60'], { stdio: 'inherit' }); setInterval(() => {}, 1000);`;
    refuses(text, /killed after 1 s/);
  });

  test('refuses a file that ends before its tests do', () => {
    refuses(`${useSpec} spec('s', (test) => { test('leaves', () => process.exit(0)); });`, /no closing lines/);
  });

  test('refuses a file without tests', () => refuses('export {};', /no closing lines/));

  test('refuses a crash after the tests', () => {
    refuses(`${passing} process.on('exit', () => { process.exitCode = 3; });`, /exit code 3/);
  });

  test('refuses a file that goes to uvu directly, even if its broken set-up exits with 0', () => {
    const direct = `import { suite } from ${'"'}${pathToFileURL(join(root, 'node_modules/uvu/dist/index.mjs')).href}";
      const s = suite('s'); s.before(() => { throw new Error('set-up'); }); s('t', () => {}); s.run();`;
    refuses(direct, /0 of 1 tests passed/);
    refuses(passing, /imports uvu directly/, `import { suite } from ${"'uvu'"};`);
  });

  test('refuses focused and skipped tests', () => {
    refuses(passing, /uses \.only\(\)/, ['test', "only('x', () => {});"].join('.'));
    refuses(passing, /uses \.skip\(\)/, ['  test', "skip('x', () => {});"].join('.'));
  });
});
