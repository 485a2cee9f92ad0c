/**
 * Purpose: runs every compiled test file in a separate process. A file passes only if its closing lines say that all its tests passed.
 *
 *   node scripts/run-tests.mjs [words…]        files whose path contains one of the words
 *   node scripts/run-tests.mjs --project <f>   files this tsconfig.json includes, in its order; the files of a folder share a process
 *   node scripts/run-tests.mjs --tests <dir>   another folder of tests
 *   TEST_JOBS=4                                processes at a time (default 2)
 *
 * The time limit of a file is 300 s unless one of its first lines is `// timeout: 600` (seconds).
 * The last line on stdout is always `N passed, N failed`; the exit code is 1 if anything failed.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { closingLines, runFiles } from './run-test-file.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const defaultTimeoutSeconds = 300;

const { values, positionals } = parseArgs({
  options: { tests: { type: 'string' }, project: { type: 'string' } },
  allowPositionals: true,
});
const folder = resolve(values.tests ?? join(root, 'tests'));
const jobs = Math.max(1, Number.parseInt(process.env.TEST_JOBS ?? '2', 10) || 2);

const progress = {
  running: new Set(),
  show(done, total) {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[K${done < total ? `[${done}/${total}] ${[...progress.running].join(', ')}` : ''}`);
  },
};

/**
 * A unit is what one process runs: a single file, or with --project all files of an included folder, in the project's order.
 * Loading the kernel again for each file would take longer than most tests do.
 */
function unitsOf(names) {
  if (values.project === undefined) return names.map((name) => ({ name, files: [name] }));
  const { include } = JSON.parse(readFileSync(values.project, 'utf8'));
  return include.map((path) => {
    const files = names.filter((name) => `${name}.test.ts` === path || name.startsWith(`${path}/`));
    if (files.length === 0) throw new Error(`${values.project} includes ${path}, which has no tests`);
    return { name: path.replace(/\.test\.ts$/, ''), files };
  });
}

/** Lists the sources: a compiled file without a source is not run, and a source that is not compiled is a failure. */
function testFiles() {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map((path) => path.split('\\').join('/'))
    .filter((path) => path.endsWith('.test.ts') && !/^dist\/|node_modules\//.test(path))
    .map((path) => path.slice(0, -'.test.ts'.length))
    .filter((name) => positionals.length === 0 || positionals.some((word) => name.includes(word)))
    .sort();
}

/** Why the file must not run, or undefined. */
function refusal(source, compiled) {
  if (!existsSync(compiled)) return `is not compiled: ${relative(root, compiled)} is missing; run npm run build`;
  if (/from\s+['"]uvu['"]/.test(source)) return 'imports uvu directly; use tests/support/spec.ts';
  const focused = /^\s*(?:test|spec|suite)\.(only|skip)\(/m.exec(source);
  if (focused) return `uses .${focused[1]}(), which hides tests`;
  return undefined;
}

function timeoutSeconds(source) {
  const head = source.split('\n', 10).join('\n');
  const wanted = /^\/\/ timeout: (\d+)\s*$/m.exec(head);
  return wanted ? Number(wanted[1]) : defaultTimeoutSeconds;
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

async function checkUnit({ files }) {
  const sources = files.map((name) => readFileSync(join(folder, `${name}.test.ts`), 'utf8'));
  const compiled = files.map((name) => join(folder, 'dist', `${name}.test.js`));
  const refused = sources.flatMap((source, place) => refusal(source, compiled[place]) ?? []);
  if (refused.length > 0) return { passed: 0, failed: refused.length, faults: refused, output: '', ms: 0 };
  const limitSeconds = Math.max(...sources.map(timeoutSeconds));
  const started = performance.now();
  const outcome = await runFiles(compiled, { cwd: root, timeoutMs: limitSeconds * 1000 });
  const ms = Math.round(performance.now() - started);
  return { ...verdict(outcome, limitSeconds), output: outcome.stdout + outcome.stderr, ms };
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

async function runAll(units) {
  const total = { passed: 0, failed: 0, done: 0 };
  const waiting = [...units];
  const worker = async () => {
    for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
      const { name } = unit;
      progress.running.add(name);
      progress.show(total.done, units.length);
      const result = await checkUnit(unit);
      progress.running.delete(name);
      total.done += 1;
      total.passed += result.passed;
      total.failed += result.failed;
      if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
      report(name, result);
      progress.show(total.done, units.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, units.length) }, worker));
  return total;
}

const started = performance.now();
const units = unitsOf(testFiles());
const total = await runAll(units);
if (units.length === 0) {
  console.log(positionals.length > 0 ? `no test file matches ${positionals.join(' ')}` : `no test files in ${folder}`);
  total.failed = 1;
}
console.log(
  `\n${units.flatMap(({ files }) => files).length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`,
);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;
