/**
 * Purpose: writes the reference pages and JSON Schema files in docs/ from the built packages, and the dashboards of deploy/observe.
 *
 *   node scripts/generate-docs.mjs            writes the files that differ
 *   node scripts/generate-docs.mjs --check    writes nothing; lists stale files and exits with 1 if there are any
 *   … --out <folder>                          writes to another folder than this checkout
 *
 * Every JSON example in a page is validated; an invalid one fails the build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { dashboardFiles } from './dashboards/dashboard-files.mjs';
import { apiPage } from './docs/api-page.mjs';
import { CheckedExamples } from './docs/checked-examples.mjs';
import { configPage } from './docs/config-page.mjs';
import { contextPage } from './docs/context-page.mjs';
import { errorsPage } from './docs/errors-page.mjs';
import { eventPage } from './docs/event-page.mjs';
import { logsPage } from './docs/logs-page.mjs';
import { schemaFiles } from './docs/schema-files.mjs';
import { segmentPage } from './docs/segment-page.mjs';
import { stepCatalogPage } from './docs/step-catalog-page.mjs';
import { openWorkbench, root } from './docs/workbench.mjs';

const pages = {
  'docs/contracts/segment-json.md': segmentPage,
  'docs/contracts/event-contract.md': eventPage,
  'docs/contracts/runtime-context.md': contextPage,
  'docs/contracts/step-catalog.md': stepCatalogPage,
  'docs/contracts/api-reference.md': apiPage,
  'docs/errors.md': errorsPage,
  'docs/config.md': configPage,
  'docs/logs.md': logsPage,
};
const schemaFolder = 'docs/contracts/schemas';

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, out: { type: 'string', default: root } },
});
const { out } = values;

async function generate() {
  const workbench = await openWorkbench();
  const examples = new CheckedExamples(workbench);
  const texts = Object.entries(pages).map(([path, make]) => [path, make(workbench, examples)]);
  for (const [path, text] of texts) {
    const [unchecked] = examples.uncheckedBlocks(text);
    if (unchecked !== undefined) throw new Error(`${path} contains JSON that was not validated:\n${unchecked}`);
  }
  return new Map([...texts, ...schemaFiles(), ...dashboardFiles()]);
}

function isStale(path, text) {
  const file = join(out, path);
  return !existsSync(file) || readFileSync(file, 'utf8') !== text;
}

/** Schema files without a schema. */
function leftovers(files) {
  const folder = join(out, schemaFolder);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => `${schemaFolder}/${name}`).filter((path) => !files.has(path));
}

function write(path, text) {
  mkdirSync(dirname(join(out, path)), { recursive: true });
  writeFileSync(join(out, path), text);
}

const files = await generate();
const stale = [...files].filter(([path, text]) => isStale(path, text)).map(([path]) => path);
const extra = leftovers(files);

if (values.check) {
  for (const path of stale) console.error(`${path} is stale`);
  for (const path of extra) console.error(`${path} is no longer generated`);
  if (stale.length + extra.length > 0) {
    console.error('\nrun `make docs` and commit the result');
    process.exitCode = 1;
  }
} else {
  for (const path of stale) write(path, files.get(path));
  for (const path of extra) rmSync(join(out, path));
  console.log(`docs: ${files.size} files, ${stale.length} written, ${extra.length} removed`);
}
