/**
 * Purpose: runs one or more test files in one process with a time limit, and captures the output.
 * Invariants: the process and everything it started are gone when `runFiles` settles; of output beyond 4 MB the end is kept.
 */
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/**
 * `--disable-proto=delete`: code that relies on `__proto__` fails in tests.
 * Not `--disallow-code-generation-from-strings`: ajv compiles schemas with `new Function`.
 */
const nodeFlags = ['--enable-source-maps', '--disable-proto=delete'];
const outputLimit = 4_000_000;
const alive = new Set();

process.on('exit', () => alive.forEach(killGroup));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

/** Static imports are evaluated one after another before any test starts, as tests/support/spec.ts requires. */
function entryOf(paths) {
  if (paths.length === 1) return paths;
  const imports = paths.flatMap((path) => [pathToFileURL(path).href, checkOf(path)]);
  return ['--input-type=module', '--eval', imports.map((url) => `import ${JSON.stringify(url)};`).join('\n')];
}

/** A module that fails the process if the file before it has defined no tests: the sum of several files would not show it. */
function checkOf(path) {
  const reason = JSON.stringify(`${path} has no tests, or an await at the top, which needs a process of its own`);
  const code = `const specs = globalThis.UVU_QUEUE?.[0]?.length ?? 1;
    if (specs <= (globalThis.specsBefore ?? 1)) throw new Error(${reason});
    globalThis.specsBefore = specs;`;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** @returns {Promise<{stdout: string, stderr: string, code: number | null, signal: string | null, timedOut: boolean}>} */
export function runFiles(paths, { cwd, timeoutMs }) {
  return new Promise((settle, reject) => {
    // A separate process group, so that servers a test left behind are killed with it.
    const child = spawn(process.execPath, [...nodeFlags, ...entryOf(paths)], {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    alive.add(child.pid);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const state = { timedOut: false };
    const watchdog = setTimeout(() => {
      state.timedOut = true;
      killGroup(child.pid);
    }, timeoutMs);
    child.once('error', reject);
    child.once('exit', () => killGroup(child.pid));
    child.once('close', (code, signal) => {
      clearTimeout(watchdog);
      alive.delete(child.pid);
      settle({ stdout: stdout(), stderr: stderr(), code, signal, timedOut: state.timedOut });
    });
  });
}

/** The last `Total / Passed / Skipped` block uvu printed, or undefined. */
export function closingLines(output) {
  const blocks = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)];
  const last = blocks.at(-1);
  return last && { total: Number(last[1]), passed: Number(last[2]), skipped: Number(last[3]) };
}

function collect(stream) {
  const kept = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    kept.text = (kept.text + chunk).slice(-outputLimit);
  });
  return () => stripVTControlCharacters(kept.text);
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // The group is empty; macOS reports EPERM if only zombies are left in it.
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
