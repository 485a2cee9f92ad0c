import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const specUrl = pathToFileURL(`${import.meta.dirname}/../support/spec.js`).href;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a test file with this text in a separate process. */
async function run(body: string): Promise<Outcome> {
  const code = `import { spec } from '${specUrl}'; ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output: stripVTControlCharacters(stdout + stderr) };
}

async function fails(body: string, reason: RegExp): Promise<void> {
  const { code, output } = await run(body);
  assert.match(output, reason);
  assert.is(code, 1, output);
}

spec('spec', (test) => {
  test('a file of passing tests ends with 0', async () => {
    const { code, output } = await run("spec('s', (test) => { test('a', () => {}); test('b', async () => {}); });");
    assert.match(output, /Passed: {4}2/);
    assert.is(code, 0);
  });

  test('a spec without tests fails', () => fails("spec('s', () => {});", /spec 's' has no tests/));

  test('a definition that throws fails although an earlier spec is sound', async () => {
    await fails("spec('a', (t) => t('x', () => {})); spec('b', () => { throw new Error('set-up'); });", /set-up/);
  });

  test('an async definition fails', async () => {
    await fails("spec('s', async (test) => { test('a', () => {}); });", /async definition/);
  });

  test('a test added after the definition fails', async () => {
    await fails("let keep; spec('s', (t) => { keep = t; t('a', () => {}); }); keep('b', () => {});", /added after/);
  });

  test('a test that never settles fails at its deadline and the next one runs', async () => {
    const body = "t('hangs', () => new Promise(() => {}), { timeoutMs: 30 }); t('next', () => {});";
    await fails(`spec('s', (t) => { ${body} });`, /deadline of 30 ms[\s\S]*Total: {5}2\n {2}Passed: {4}1/);
  });

  test('a test that blocks the thread beyond its deadline fails', async () => {
    const busy = 'const end = Date.now() + 60; while (Date.now() < end);';
    await fails(`spec('s', (t) => t('busy', () => { ${busy} }, { timeoutMs: 20 }));`, /deadline of 20 ms/);
  });

  test('a deadline that is no positive integer fails', async () => {
    await fails("spec('s', (t) => t('a', () => {}, { timeoutMs: 0 }));", /positive integer, got 0/);
  });

  test('an unhandled rejection fails the test that caused it and no other', async () => {
    const body = "t('stray', () => { Promise.reject(new Error('lost')); }); t('sound', () => {});";
    await fails(`spec('s', (t) => { ${body} });`, /"stray"\n +lost[\s\S]*Passed: {4}1/);
  });

  test('an uncaught exception fails the test that runs', async () => {
    const body = "t('timer', () => new Promise(() => setTimeout(() => { throw new Error('lost'); }, 1)));";
    await fails(`spec('s', (t) => { ${body} });`, /"timer"\n +lost/);
  });

  test('a rejection after the last test fails the file', async () => {
    const body = "t('a', () => { setTimeout(() => Promise.reject(new Error('lost')), 5); });";
    await fails(`spec('s', (t) => { ${body} });`, /outside of any test: Error: lost/);
  });

  test('whatever is thrown is reported, with its cause', async () => {
    const body = "t('text', () => { throw 'a text'; }); t('nothing', () => { throw null; });";
    await fails(`spec('s', (t) => { ${body} });`, /'a text'[\s\S]*no Error: null/);
    await fails(
      "spec('s', (t) => t('a', () => { throw new Error('m', { cause: new Error('why') }); }));",
      /cause.*why/,
    );
  });

  test('has no way to skip or focus a test', async () => {
    await fails("spec('s', (t) => t.only('a', () => {}));", /t\.only is not a function/);
    await fails("spec('s', (t) => t.skip('a', () => {}));", /t\.skip is not a function/);
  });

  test(
    'a file that leaves a handle open fails',
    async () => {
      const body = "t('a', () => { net.createServer().listen(0, '127.0.0.1'); });";
      await fails(`import net from 'node:net'; spec('s', (t) => { ${body} });`, /left open .*TCPServerWrap/);
    },
    { timeoutMs: 30_000 },
  );
});
