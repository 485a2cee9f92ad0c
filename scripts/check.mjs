/**
 * Purpose: the checks a kernel contributor needs, in about a minute: types, format and lint, import rules, kernel tests and scenarios in memory.
 * tests/tsconfig.kernel.json lists those tests in the order in which they start: first those that mostly sleep or take long.
 * Randomized tests run a tenth of their cases here.
 * Progress goes to stderr, results to stdout; the last line on stdout is always `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, root, step } from './step.mjs';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const project = 'tests/tsconfig.kernel.json';

/** Holds back the last line of the tests until the other steps have ended. */
function tests() {
  return new Promise((settle) => {
    const quick = { TEST_JOBS: '3', TEST_RUNS_SHARE: '0.1' };
    const args = [join(root, 'scripts/run-tests.mjs'), '--project', project];
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...quick, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const state = { rest: '', passed: 0, failed: 1 };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (state.rest + chunk).split('\n');
      state.rest = lines.pop();
      for (const line of lines) {
        const closing = /^(\d+) passed, (\d+) failed$/.exec(line);
        if (closing) Object.assign(state, { passed: Number(closing[1]), failed: Number(closing[2]) });
        else console.log(line);
      }
    });
    child.on('close', (code) => settle({ passed: state.passed, failed: code === 0 ? 0 : Math.max(1, state.failed) }));
  });
}

async function compileAndTest() {
  const compiled = await step('types', `tsc -b ${project}`);
  if (!compiled) return { passed: 0, failed: 1 };
  const { passed, failed } = await tests();
  return { passed: passed + 1, failed };
}

async function lint() {
  const styled = await step('format and lint', scripts['check:style']);
  const imported = await step('import rules', scripts['check:imports']);
  const passed = [styled, imported].filter(Boolean).length;
  return { passed, failed: 2 - passed };
}

const results = await Promise.all([compileAndTest(), lint()]);
const sum = (key) => results.reduce((total, one) => total + one[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
