/**
 * Purpose: runs the scenarios whose folder name contains one of the words, in the simulation and on the memory backend.
 *
 *   npm run scenario -- map                         compiles what changed and runs them
 *   UPDATE_SCENARIOS=1 npm run scenario -- map      also updates their expected.json; review the diff
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const words = process.argv.slice(2);

const folders = readdirSync(join(root, 'tests/scenarios'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && words.some((word) => entry.name.includes(word)))
  .map(({ name }) => name);

function run(script, ...args) {
  const env = { ...process.env, SCENARIOS: words.join(' ') };
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

if (folders.length === 0) {
  const fault =
    words.length === 0 ? 'Give part of a scenario folder name' : `No scenario folder contains ${words.join(' or ')}`;
  console.error(`${fault}: npm run scenario -- map`);
  process.exit(1);
}
for (const folder of folders) console.log(folder);
run('node_modules/typescript/bin/tsc', '-b', 'tests/tsconfig.kernel.json');
run('scripts/run-tests.mjs', 'scenarios/scenarios', 'scenarios/on-memory');
