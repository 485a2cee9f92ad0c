/**
 * Purpose: one test file in one process, ended for certain, with what it printed.
 * Invariants: the process and all it started are gone when `run_file` settles; output beyond 4 MB keeps its end.
 */
import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/**
 * `--disable-proto=delete`: code that relies on `__proto__` fails in tests.
 * Not `--disallow-code-generation-from-strings`: ajv compiles schemas with `new Function`.
 */
const node_flags = ['--enable-source-maps', '--disable-proto=delete'];
const output_limit = 4_000_000;
const alive = new Set();

process.on('exit', () => alive.forEach(kill_group));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

/** @returns {Promise<{stdout: string, stderr: string, code: number | null, signal: string | null, timed_out: boolean}>} */
export function run_file(path, { cwd, timeout_ms }) {
  return new Promise((settle, reject) => {
    // A group of its own, so that servers a test forgot can be killed with it.
    const child = spawn(process.execPath, [...node_flags, path], {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    alive.add(child.pid);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    const state = { timed_out: false };
    const watchdog = setTimeout(() => {
      state.timed_out = true;
      kill_group(child.pid);
    }, timeout_ms);
    child.once('error', reject);
    child.once('exit', () => kill_group(child.pid));
    child.once('close', (code, signal) => {
      clearTimeout(watchdog);
      alive.delete(child.pid);
      settle({ stdout: stdout(), stderr: stderr(), code, signal, timed_out: state.timed_out });
    });
  });
}

/** The last `Total / Passed / Skipped` block uvu printed, or undefined. */
export function closing_lines(output) {
  const blocks = [...output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)];
  const last = blocks.at(-1);
  return last && { total: Number(last[1]), passed: Number(last[2]), skipped: Number(last[3]) };
}

function collect(stream) {
  const kept = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    kept.text = (kept.text + chunk).slice(-output_limit);
  });
  return () => stripVTControlCharacters(kept.text);
}

function kill_group(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nobody left in the group; macOS says EPERM when only its dead are.
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
