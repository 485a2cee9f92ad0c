/**
 * Purpose: runs every compiled test file, a few files in a process (test-units.mjs). Files pass only if the closing lines of their process
 * say that all its tests passed.
 *
 *   node scripts/run-tests.mjs [words…]        files whose path contains one of the words
 *   node scripts/run-tests.mjs --project <f>   files this tsconfig.json includes, in its order; the files of a folder share a process
 *   node scripts/run-tests.mjs --tests <dir>   another folder of tests
 *   --jobs 4, or TEST_JOBS=4                   busy processes at a time (default 2); one more is for tests that mostly wait
 *   --again 3, or TEST_AGAIN=3                 if at most 3 processes failed, each runs once more, alone: what passes then is told as `flaky`,
 *                                              with what it printed the first time, and does not fail the command
 *
 * The last line on stdout is always `N passed, N failed`; the exit code is 1 if anything failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { closingLines, runFiles } from './run-test-file.mjs';
import { unitsOf, unitsOfProject } from './test-units.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { values, positionals } = parseArgs({
  options: {
    tests: { type: 'string' },
    project: { type: 'string' },
    jobs: { type: 'string' },
    again: { type: 'string' },
  },
  allowPositionals: true,
});
const folder = resolve(values.tests ?? join(root, 'tests'));
const jobs = Math.max(1, Number.parseInt(values.jobs ?? process.env.TEST_JOBS ?? '2', 10) || 2);
const mostAgain = Number.parseInt(values.again ?? process.env.TEST_AGAIN ?? '0', 10) || 0;

const progress = {
  running: new Set(),
  show(done, total) {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${done < total ? `[${done}/${total}] ${[...progress.running].join(', ')}` : ''}`);
  },
};

/** Lists the sources: a compiled file without a source is not run, and a source that is not compiled is a failure. */
function testFiles() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.test.ts') && !/^dist\/|node_modules\//.test(path))
    .map((path) => path.slice(0, -'.test.ts'.length))
    .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .sort()
    .map((name) => ({ name, source: readFileSync(join(folder, `${name}.test.ts`), 'utf8') }));
}

function units(files) {
  if (values.project === undefined) return unitsOf(files);
  return unitsOfProject(JSON.parse(readFileSync(values.project, 'utf8')).include, files);
}

/** Why the file must not run, or undefined. */
function refusal(source, compiled) {
  if (!existsSync(compiled)) return `is not compiled: ${relative(root, compiled)} is missing; run npm run build`;
  if (/from\s+['"]uvu['"]/.test(source)) return 'imports uvu directly; use tests/support/spec.ts';
  const focused = /^\s*(?:test|spec|suite)\.(only|skip)\(/m.exec(source);
  if (focused) return `uses .${focused[1]}(), which hides tests`;
  return undefined;
}

/** Counts of one unit. What is not known to have passed counts as failed, and a broken unit counts as at least one failure. */
function verdict(outcome, limitSeconds) {
  const counts = closingLines(outcome.stdout);
  const faults = [];
  if (outcome.timedOut) faults.push(`killed after ${limitSeconds} s`);
  else if (outcome.code !== 0) faults.push(outcome.signal ? `ended by ${outcome.signal}` : `exit code ${outcome.code}`);
  if (!counts) faults.push('no closing lines: it exited before its tests ended, or has none');
  else if (counts.total === 0) faults.push('it has no tests');
  else if (counts.passed !== counts.total) faults.push(`${counts.passed} of ${counts.total} tests passed`);
  if (counts && counts.skipped !== 0) faults.push(`${counts.skipped} tests were skipped`);
  const passed = counts?.passed ?? 0;
  const notPassed = counts ? counts.total - counts.passed + counts.skipped : 0;
  return { passed, failed: faults.length > 0 ? Math.max(1, notPassed) : 0, faults };
}

async function checkUnit({ files, timeoutSeconds }) {
  const compiled = files.map(({ name }) => join(folder, 'dist', `${name}.test.js`));
  const refused = files.flatMap(({ name, source }, place) => {
    const reason = refusal(source, compiled[place]);
    return reason === undefined ? [] : [`${name} ${reason}`];
  });
  if (refused.length > 0)
    return { passed: 0, failed: refused.length, faults: refused, output: '', ms: 0, isRefused: true };
  const started = performance.now();
  const outcome = await runFiles(compiled, { cwd: root, timeoutMs: timeoutSeconds * 1000 });
  const ms = Math.round(performance.now() - started);
  return { ...verdict(outcome, timeoutSeconds), output: outcome.stdout + outcome.stderr, ms };
}

/** Tests that this machine cannot run are reported; see `tests/support/not-tested-here.ts`. */
function leftOut(output) {
  return (output.match(/^not tested here: .*$/gm) ?? []).join('\n');
}

function report(name, result) {
  const mark = result.failed > 0 ? 'FAIL' : 'ok  ';
  const faults = result.faults.length > 0 ? `  ${result.faults.join('; ')}` : '';
  const tests = result.passed + result.failed;
  console.log(`${mark} ${name}  ${tests} ${tests === 1 ? 'test' : 'tests'}  ${result.ms} ms${faults}`);
  const shown = result.failed > 0 ? result.output.trimEnd() : leftOut(result.output);
  if (shown) console.log(shown.replace(/^/gm, '     | '));
}

async function run(unit, state) {
  progress.running.add(unit.name);
  progress.show(state.done, state.units);
  const result = await checkUnit(unit);
  progress.running.delete(unit.name);
  state.done += 1;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  report(unit.name, result);
  progress.show(state.done, state.units);
  return { unit, ...result };
}

async function runAll(units) {
  const state = { done: 0, units: units.length };
  const results = [];
  const inTurn = async (...queues) => {
    for (const queue of queues)
      for (let unit = queue.shift(); unit !== undefined; unit = queue.shift()) results.push(await run(unit, state));
  };
  const waiting = units.filter(({ waits }) => waits);
  const busy = units.filter(({ waits }) => !waits);
  // Whoever is done with the busy ones helps with those that wait.
  await Promise.all([inTurn(waiting), ...Array.from({ length: jobs }, () => inTurn(busy, waiting))]);
  return results;
}

/** A deadline that a busy machine missed is told apart from a fault, and still told. */
async function runFailedAgain(results) {
  const failed = results.filter((result) => result.failed > 0);
  if (failed.length > mostAgain || failed.some(({ isRefused }) => isRefused)) return results;
  const state = { done: 0, units: failed.length };
  const settled = results.filter((result) => result.failed === 0);
  for (const { unit } of failed) {
    console.log(`\nonce more, alone: ${unit.name}`);
    const second = await run(unit, state);
    settled.push({ ...second, isFlaky: second.failed === 0 });
  }
  return settled;
}

const started = performance.now();
const chosen = units(testFiles());
const results = await runFailedAgain(await runAll(chosen));
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const total = { passed: sum('passed'), failed: sum('failed') };
if (chosen.length === 0) {
  console.log(positionals.length > 0 ? `no test file matches ${positionals.join(' ')}` : `no test files in ${folder}`);
  total.failed = 1;
}
const count = chosen.flatMap(({ files }) => files).length;
console.log(`\n${count} files in ${chosen.length} processes, ${((performance.now() - started) / 1000).toFixed(1)} s`);
for (const { unit } of results.filter(({ isFlaky }) => isFlaky))
  console.log(`flaky: ${unit.name} failed, then passed alone`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
