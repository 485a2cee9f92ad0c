/**
 * Purpose: publishes every public package of the workspace, each after those it depends on, so that no package can be installed before what it
 * needs. What is published already is left out, so a release that broke off can be run again.
 *
 *   node scripts/publish-packages.mjs [--provenance]
 *   --list      prints the packages in this order, and publishes nothing
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { list: { type: 'boolean' }, provenance: { type: 'boolean' } } });

/** The folders of the workspace; `plugins/*` stands for all folders in it. */
function foldersOf({ workspaces }) {
  return workspaces.flatMap((pattern) => {
    const [parent, all] = pattern.split('/');
    return all === '*' ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : [pattern];
  });
}

function readPackage(folder) {
  return { folder, ...JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) };
}

/** Each after those it depends on. */
function inOrder(packages) {
  const ordered = [];
  const visit = (one) => {
    if (ordered.includes(one)) return;
    const needed = { ...one.dependencies, ...one.optionalDependencies, ...one.peerDependencies };
    for (const other of packages) if (other !== one && other.name in needed) visit(other);
    ordered.push(one);
  };
  for (const one of packages) visit(one);
  return ordered;
}

function isPublished({ name, version }) {
  const { status, stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' });
  return status === 0 && stdout.trim() === version;
}

function publish({ folder, name, version }) {
  const options = ['--access', 'public', ...(values.provenance === true ? ['--provenance'] : [])];
  const { status } = spawnSync('npm', ['publish', `./${folder}`, ...options], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${name}@${version} could not be published`);
}

const packages = inOrder(
  foldersOf(readPackage('.'))
    .map(readPackage)
    .filter((one) => one.private !== true),
);
for (const one of packages) {
  if (values.list === true) console.log(one.name);
  else if (isPublished(one)) console.log(`${one.name}@${one.version} is published already`);
  else publish(one);
}
