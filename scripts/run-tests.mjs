/**
 * Purpose: runs every compiled test file in a process of its own and believes a file only if its closing lines say that all of it passed.
 *
 *   node scripts/run-tests.mjs [words…]        files whose path contains one of the words
 *   node scripts/run-tests.mjs --tests <dir>   another folder of tests
 *   TEST_JOBS=4                                files at a time (default 2)
 *
 * A file that needs longer than 300 s says so in its first lines: `// timeout: 600` (seconds).
 * The last line on stdout is always `N passed, N failed`; the exit code is 1 if anything failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { closing_lines, run_file } from './run-test-file.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const default_timeout_seconds = 300;

const { values, positionals } = parseArgs({ options: { tests: { type: 'string' } }, allowPositionals: true });
const folder = resolve(values.tests ?? join(root, 'tests'));
const jobs = Math.max(1, Number.parseInt(process.env.TEST_JOBS ?? '2', 10) || 2);

const progress = {
  running: new Set(),
  show(done, total) {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${done < total ? `[${done}/${total}] ${[...progress.running].join(', ')}` : ''}`);
  },
};

/** Sources are the list: a compiled file whose source is gone is not run, and a source that was not compiled is a failure. */
function test_files() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.test.ts') && !/^dist\/|node_modules\//.test(path))
    .map((path) => path.slice(0, -'.test.ts'.length))
    .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .sort();
}

/** What makes a file unfit to run, or undefined. */
function refusal(source, compiled) {
  if (!existsSync(compiled)) return `is not compiled: ${relative(root, compiled)} is missing; run npm run build`;
  if (/from\s+['"]uvu['"]/.test(source)) return 'imports uvu itself; tests go through tests/support/spec.ts';
  const focused = /^\s*(?:test|spec|suite)\.(only|skip)\(/m.exec(source);
  if (focused) return `uses .${focused[1]}(), which hides tests`;
  return undefined;
}

function timeout_seconds(source) {
  const head = source.split('\n', 10).join('\n');
  const wanted = /^\/\/ timeout: (\d+)\s*$/m.exec(head);
  return wanted ? Number(wanted[1]) : default_timeout_seconds;
}

/** Counts of one file. Whatever cannot be shown to have passed counts as failed, and a broken file counts at least once. */
function verdict(outcome, limit_seconds) {
  const counts = closing_lines(outcome.stdout);
  const faults = [];
  if (outcome.timed_out) faults.push(`killed: it ran longer than ${limit_seconds} s`);
  else if (outcome.code !== 0) faults.push(outcome.signal ? `ended by ${outcome.signal}` : `exit code ${outcome.code}`);
  if (!counts) faults.push('no closing lines: it ended before its tests did, or has none');
  else if (counts.total === 0) faults.push('it has no tests');
  else if (counts.passed !== counts.total) faults.push(`${counts.passed} of ${counts.total} tests passed`);
  if (counts && counts.skipped !== 0) faults.push(`${counts.skipped} tests were skipped`);
  const passed = counts?.passed ?? 0;
  const not_passed = counts ? counts.total - counts.passed + counts.skipped : 0;
  return { passed, failed: faults.length > 0 ? Math.max(1, not_passed) : 0, faults };
}

async function check_file(name) {
  const source = readFileSync(join(folder, `${name}.test.ts`), 'utf8');
  const compiled = join(folder, 'dist', `${name}.test.js`);
  const refused = refusal(source, compiled);
  if (refused) return { passed: 0, failed: 1, faults: [refused], output: '', ms: 0 };
  const limit_seconds = timeout_seconds(source);
  const started = performance.now();
  const outcome = await run_file(compiled, { cwd: root, timeout_ms: limit_seconds * 1000 });
  const ms = Math.round(performance.now() - started);
  return { ...verdict(outcome, limit_seconds), output: outcome.stdout + outcome.stderr, ms };
}

/** A test that a machine cannot run is not left out silently; see `tests/support/not-tested-here.ts`. */
function left_out(output) {
  return (output.match(/^not tested here: .*$/gm) ?? []).join('\n');
}

function report(name, result) {
  const mark = result.failed > 0 ? 'FAIL' : 'ok  ';
  const faults = result.faults.length > 0 ? `  ${result.faults.join('; ')}` : '';
  const tests = result.passed + result.failed;
  console.log(`${mark} ${name}  ${tests} ${tests === 1 ? 'test' : 'tests'}  ${result.ms} ms${faults}`);
  const shown = result.failed > 0 ? result.output.trimEnd() : left_out(result.output);
  if (shown) console.log(shown.replace(/^/gm, '     | '));
}

async function run_all(names) {
  const total = { passed: 0, failed: 0, done: 0 };
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      progress.running.add(name);
      progress.show(total.done, names.length);
      const result = await check_file(name);
      progress.running.delete(name);
      total.done += 1;
      total.passed += result.passed;
      total.failed += result.failed;
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      report(name, result);
      progress.show(total.done, names.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, names.length) }, worker));
  return total;
}

const started = performance.now();
const names = test_files();
const total = await run_all(names);
if (names.length === 0) {
  console.log(positionals.length > 0 ? `no test file matches ${positionals.join(' ')}` : `no test files in ${folder}`);
  total.failed = 1;
}
console.log(`\n${names.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
