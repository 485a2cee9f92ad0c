/**
 * Purpose: runs every check that must pass before a commit; the stages one after another, the steps of a stage two at a time.
 * A stage in which a step fails is the last one.
 * The nats-servers come before anything else: if one is missing, the line that says what to install is the last line of the output.
 * The steps are scripts of package.json, so each can also be run alone: `npm run check:imports`.
 * The tests come last and print the last line, `N passed, N failed`. A few that fail beside others get a second chance alone (run-tests.mjs).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, root, step } from './step.mjs';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const stepsAtATime = 2;

const stages = [
  // What needs no build keeps the second processor busy: the compiler uses one.
  [
    { name: 'types and bundle', script: 'build' },
    { name: 'import rules', script: 'check:imports' },
    { name: 'unfinished comments', script: 'check:comments' },
    { name: 'lock file', script: 'check:lock' },
  ],
  // The type-aware rules see a package of the workspace through its built declarations.
  [
    { name: 'public API', script: 'check:api' },
    { name: 'format and lint', script: 'check:style' },
    { name: 'dead code', script: 'check:dead-code' },
    { name: 'generated docs', script: 'check:docs' },
  ],
];

/** Runs a script whose output is shown as it comes, and ends this process if it fails. */
function runOpenly(script, environment = env) {
  const { status } = spawnSync(scripts[script], { cwd: root, env: environment, shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

async function runStage(steps) {
  const left = [...steps];
  const failed = [];
  const inTurn = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (!(await step(`${next.name} (npm run ${next.script})`, scripts[next.script]))) failed.push(next.name);
    }
  };
  await Promise.all(Array.from({ length: stepsAtATime }, inTurn));
  if (failed.length === 0) return;
  console.error(`\nverify stopped at: ${failed.join(', ')}`);
  process.exit(1);
}

runOpenly('nats-server');
for (const steps of stages) await runStage(steps);
runOpenly('test', { TEST_AGAIN: '3', ...env });
