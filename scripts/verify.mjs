/**
 * Purpose: runs every check that must pass before a commit, quickest first, and stops at the first failure.
 * The nats-servers come before anything else: if one is missing, the line that says what to install is the last line of the output.
 * The steps are scripts of package.json, so each can also be run alone: `npm run check:imports`.
 * The tests come last and print the last line, `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };

/** The check applies once the generator or its output exists. */
const hasDocs = ['scripts/generate-docs.mjs', 'docs/contracts'].some((path) => existsSync(join(root, path)));

const steps = [
  { name: 'servers for the tests', script: 'nats-server', explains: true },
  { name: 'types and bundle', script: 'build' },
  // After the build: the type-aware rules see a package of the workspace through its built declarations.
  { name: 'format and lint', script: 'check:style' },
  { name: 'import rules', script: 'check:imports' },
  { name: 'dead code', script: 'check:dead-code' },
  { name: 'unfinished comments', script: 'check:comments' },
  { name: 'lock file', script: 'check:lock' },
  { name: 'public API', script: 'check:api' },
  ...(hasDocs ? [{ name: 'generated docs', script: 'check:docs' }] : []),
  { name: 'tests', script: 'test' },
];

for (const { name, script, explains } of steps) {
  const last = script === 'test';
  console.log(`── ${name} (npm run ${script})`);
  const started = performance.now();
  const { status, signal } = spawnSync(scripts[script], { cwd: root, env, shell: true, stdio: 'inherit' });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (status !== 0) {
    if (!last && !explains)
      console.error(`\nverify stopped at: ${name} (${signal ?? `exit code ${status}`}, ${seconds} s)`);
    process.exit(1);
  }
  if (!last) console.log(`   ${name}: ok, ${seconds} s\n`);
}
