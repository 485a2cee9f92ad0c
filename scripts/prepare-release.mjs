/**
 * Purpose: makes the next version, to be reviewed, committed and tagged: `changeset version` sets the versions of the packages; this does the
 * rest of it.
 *
 *   npm run release:prepare
 *   --folder FOLDER      another workspace; only what this script does itself
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { folder: { type: 'string' } } });
const root = resolve(values.folder ?? join(dirname(fileURLToPath(import.meta.url)), '..'));

function run(program, ...args) {
  execFileSync(program, args, { cwd: root, stdio: 'inherit' });
}

/** The private root package has the version of the others. */
function setRootVersion(version) {
  const path = join(root, 'package.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": "[^"]*"/, `"version": "${version}"`));
}

/** What is unreleased becomes the section of the version. */
function closeChangelog(version) {
  const path = join(root, 'CHANGELOG.md');
  const text = readFileSync(path, 'utf8');
  if (text.includes(`## [${version}]`)) throw new Error(`CHANGELOG.md has a section for ${version} already`);
  const heading = '## [Unreleased]\n';
  if (!text.includes(heading)) throw new Error("CHANGELOG.md has no section '## [Unreleased]'");
  const today = new Date().toISOString().slice(0, 10);
  writeFileSync(path, text.replace(heading, `${heading}\n## [${version}] - ${today}\n`));
}

if (values.folder === undefined) run('npx', 'changeset', 'version');
const { version } = JSON.parse(readFileSync(join(root, 'clients/cli/package.json'), 'utf8'));
closeChangelog(version);
setRootVersion(version);
if (values.folder === undefined) {
  run('npm', 'install', '--package-lock-only', '--ignore-scripts');
  run('npm', 'run', 'build');
  run('npm', 'run', 'docs');
  run('npm', 'run', 'api');
  run('npm', 'run', 'api', '--', '--release');
}
console.log(`\nversion ${version}: review, commit, and push the tag v${version}`);
