/**
 * Purpose: writes what the container image holds of this project: bundled code and what it looks for at run time, laid out as npm would.
 * Everything else is inside the bundles, so there are no dependencies, sources, types or source maps.
 *
 *   node scripts/image-tree.mjs FOLDER      after npm run build
 */
import { cpSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Of packages that are found by name at run time: the plugins, what isolates start with, and the script of the API page. */
const packages = [
  { from: 'clients/cli', to: 'llmteam', parts: ['bin', 'bundle', 'templates'] },
  { from: 'kernel', to: '@llmteam/kernel', parts: ['bundle'] },
  { from: 'services/gateway', to: '@llmteam/gateway', parts: ['bundle'] },
  ...['flow', 'transform', 'llm-agent', 'http-action'].map((name) => ({
    from: `plugins/${name}`,
    to: `@llmteam/${name}`,
    parts: ['bundle'],
  })),
];

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node scripts/image-tree.mjs FOLDER');

const target = resolve(folder);
cpSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
for (const { from, to, parts } of packages) {
  for (const part of ['package.json', ...parts]) {
    const source = join(root, from, part);
    if (!existsSync(source)) throw new Error(`${from}/${part} is missing: run npm run build first`);
    const copy = join(target, 'node_modules', to, part);
    cpSync(source, copy, { recursive: true, filter: (path) => !path.endsWith('.map') });
  }
}
