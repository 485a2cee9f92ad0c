/** Purpose: rejects TODO and FIXME in comments. Biome has no rule for it, and its plugins do not see every comment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const codeRoots = ['contracts', 'kernel', 'plugins', 'services', 'clients', 'tests', 'bench', 'scripts', 'examples'];
const skipped = /(^|\/)(node_modules|dist|bundle)\/|\.d\.ts$/;
const unfinished = /(?:\/\/|\/\*|^\s*\*)\s.*\b(?:TODO|FIXME)\b/;

const files = codeRoots
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path}`))
  .filter((path) => /\.[mc]?[tj]s$/.test(path) && !skipped.test(path));

for (const path of files) {
  for (const [index, line] of readFileSync(join(root, path), 'utf8').split('\n').entries()) {
    if (!unfinished.test(line)) continue;
    console.error(`${path}:${index + 1}: finish this or track it elsewhere: ${line.trim()}`);
    process.exitCode = 1;
  }
}
