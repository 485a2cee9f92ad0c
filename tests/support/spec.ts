/**
 * Purpose: the only access of test files to uvu, which on its own lets some broken files pass.
 * Owns: running the suite, a timeout per test, uncaught errors, handles left open at the end.
 * Invariants:
 *  S1 a spec without tests, a spec whose definition throws or is async, and a test that is added late make the process exit with 1
 *  S2 every test ends, by itself or by its timeout
 *  S3 an unhandled rejection or uncaught exception fails the running test, or the file if none is running
 *  S4 a process that still has open handles a few seconds after its last test fails
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { suite } from 'uvu';

type TestBody = () => void | Promise<void>;

interface TestOptions {
  /** Timeout of this test in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

/** Adds a test. Its name states the behaviour: "a second append with the same message id writes nothing". */
export type Test = (name: string, body: TestBody, options?: TestOptions) => void;

const defaultTimeoutMs = 10_000;
const leakGraceMs = 5_000;

/** Module state is enough, because each process runs its own test files. */
const file = {
  pendingSpecs: 0,
  started: false,
  failRunning: undefined as ((reason: unknown) => void) | undefined,
};

process.on('unhandledRejection', onStrayError);
process.on('uncaughtException', onStrayError);

/**
 * Defines a group of tests and runs it once the file has loaded. Call it at the top level, and do not `await` between two specs.
 * `define` must be synchronous and add at least one test.
 */
export function spec(name: string, define: (test: Test) => void): void {
  if (file.started) throw new Error(`spec '${name}' is defined after the tests of this file began`);
  const group = suite(name);
  const defined = { tests: 0, closed: false };
  const returned: unknown = define((testName, body, options = {}) => {
    if (defined.closed) throw new Error(`test '${testName}' is added after spec '${name}' was defined`);
    const timeoutMs = checkedTimeout(testName, options.timeoutMs ?? defaultTimeoutMs);
    defined.tests += 1;
    group(testName, () => runTest(body, timeoutMs));
  });
  defined.closed = true;
  if (returned instanceof Promise) throw new Error(`spec '${name}' has an async definition; make it synchronous`);
  if (defined.tests === 0) throw new Error(`spec '${name}' has no tests`);
  group.before(() => {
    file.started = true;
  });
  group.after(watchForLeaks);
  file.pendingSpecs += 1;
  group.run();
}

function checkedTimeout(testName: string, timeoutMs: number): number {
  if (Number.isInteger(timeoutMs) && timeoutMs > 0) return timeoutMs;
  throw new Error(`test '${testName}': timeoutMs must be a positive integer, got ${timeoutMs}`);
}

async function runTest(body: TestBody, timeoutMs: number): Promise<void> {
  const late = `not finished within its deadline of ${timeoutMs} ms`;
  const startedMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const stopped = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(late)), timeoutMs);
    file.failRunning = reject;
  });
  try {
    await Promise.race([finish(body), stopped]);
    // A body that blocked the thread has timed out even though the timer could not fire.
    if (performance.now() - startedMs > timeoutMs) throw new Error(late);
  } catch (thrown) {
    throw presentable(thrown);
  } finally {
    clearTimeout(timer);
    file.failRunning = undefined;
  }
}

/** The extra turn lets Node report rejected promises that the body left behind while they are still attributed to this test. */
async function finish(body: TestBody): Promise<void> {
  await body();
  await nextTurn();
}

/** uvu drops the whole report if the thrown value has no name or stack, and it never shows a cause. */
function presentable(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(`threw something that is no Error: ${inspect(thrown)}`);
  if ('operator' in thrown && typeof thrown.name === 'string' && typeof thrown.stack === 'string') return thrown;
  const shown = new Error(thrown.message);
  shown.stack = inspect(thrown);
  return shown;
}

function onStrayError(reason: unknown): void {
  if (file.failRunning) {
    file.failRunning(reason);
    return;
  }
  process.stderr.write(`outside of any test: ${inspect(reason)}\n`);
  process.exit(1);
}

function watchForLeaks(): void {
  file.pendingSpecs -= 1;
  if (file.pendingSpecs > 0) return;
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(`handles left open ${leakGraceMs} ms after the last test: ${left}\n`);
    process.exit(1);
  }, leakGraceMs).unref();
}
