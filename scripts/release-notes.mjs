/**
 * Purpose: prints what CHANGELOG.md says of a version, or fails: a version that has no section, or that the packages do not have, is not released.
 *
 *   node scripts/release-notes.mjs 0.1.0
 *   --changelog FILE --manifest FILE      others than CHANGELOG.md and clients/cli/package.json
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  options: {
    changelog: { type: 'string', default: join(root, 'CHANGELOG.md') },
    manifest: { type: 'string', default: join(root, 'clients/cli/package.json') },
  },
  allowPositionals: true,
});

function notesOf(version) {
  const made = JSON.parse(readFileSync(values.manifest, 'utf8')).version;
  if (made !== version)
    throw new Error(`the packages have version ${made}, not ${version}; run npm run release:prepare first`);
  const sections = readFileSync(values.changelog, 'utf8').split(/^(?=## \[)/m);
  const section = sections.find((text) => text.startsWith(`## [${version}] - `));
  const notes = section?.slice(section.indexOf('\n')).trim();
  if (!notes)
    throw new Error(
      `CHANGELOG.md has no section '## [${version}] - <date>' with text; run npm run release:prepare first`,
    );
  return notes;
}

try {
  console.log(notesOf(positionals[0] ?? ''));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
