/**
 * Purpose: bundles the compiled command line and the built-in plugins, which cuts their startup time to a third: Node reads few files,
 * and only those a command needs.
 *
 *   node scripts/bundle.mjs
 *   node scripts/bundle.mjs --entry FILE --out FOLDER      bundles one other entry as main.js
 *
 * A dynamic import (`await import('./run.js')`) becomes a chunk that is loaded on demand.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { values } = parseArgs({ options: { entry: { type: 'string' }, out: { type: 'string' } } });

/** Entry points of the command line and the built-in plugins, and where their bundles go. */
const everything = [
  { name: 'main', entry: 'clients/cli/dist/main.js', out: 'clients/cli/bundle' },
  // Started for every plugin that is isolated.
  { name: 'isolate', entry: 'kernel/dist/isolation/inside/main.js', out: 'kernel/bundle' },
  ...['flow', 'transform', 'llm-agent', 'http-action'].map((plugin) => ({
    name: 'index',
    entry: `plugins/${plugin}/dist/index.js`,
    out: `plugins/${plugin}/bundle`,
  })),
];
const wanted = values.entry === undefined ? everything : [{ name: 'main', entry: values.entry, out: values.out }];

/** Resolved at run time: libsql has native code, and Node 20 has no node:sqlite. */
const external = ['libsql', 'node:sqlite'];

/** CommonJS packages in an ESM bundle still call `require` for Node's built-in modules. */
const banner =
  "import { createRequire as __bundle_require } from 'node:module';\nconst require = __bundle_require(import.meta.url);";

/** Finds dynamic imports of CommonJS packages in our code: once bundled they have no named exports, which fails only when one is called. */
function lostExports({ inputs }) {
  const ours = Object.entries(inputs).filter(([importer]) => !importer.includes('node_modules/'));
  return ours.flatMap(([importer, { imports }]) =>
    imports
      .filter(({ kind, path }) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
      .map(
        ({ original }) =>
          `${importer}: import('${original}') is CommonJS; import it statically in a file loaded on demand`,
      ),
  );
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}

/** What Node reads before the first line of the entry runs: the entry and its static imports. */
function startUpBytes(outputs, name) {
  const wanted = [name];
  for (const path of wanted) {
    for (const { kind, path: next } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[next] && !wanted.includes(next)) wanted.push(next);
    }
  }
  return wanted.reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0);
}

async function bundle({ name, entry, out }) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { [name]: resolve(root, entry) },
    outdir: resolve(root, out),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    minifySyntax: true,
    minifyWhitespace: true,
    external,
    banner: { js: banner },
    metafile: true,
    write: true,
    logLevel: 'warning',
  });
  const lost = lostExports(metafile);
  if (lost.length > 0) throw new Error(lost.join('\n'));
  const code = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.js'));
  const total = code.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const startUp = startUpBytes(metafile.outputs, relative(root, resolve(root, out, `${name}.js`)));
  console.log(`bundle ${out}: ${code.length} files, ${kilobytes(total)}, of which ${kilobytes(startUp)} at start`);
}

/** Files of dependencies that are served as they are: copied, so that the dependency need not be installed. */
const copies = [
  { from: 'services/gateway', file: 'rapidoc/dist/rapidoc-min.js', to: 'services/gateway/bundle' },
  { from: 'services/gateway', file: 'rapidoc/dist/rapidoc-min.js.LICENSE.txt', to: 'services/gateway/bundle' },
];

function copy({ from, file, to }) {
  const source = createRequire(join(root, from, 'package.json')).resolve(file);
  mkdirSync(join(root, to), { recursive: true });
  copyFileSync(source, join(root, to, basename(file)));
}

if (values.entry === undefined) for (const one of copies) copy(one);
for (const one of wanted) {
  const out = resolve(root, one.out);
  rmSync(out, { recursive: true, force: true });
  try {
    if (!existsSync(resolve(root, one.entry))) throw new Error(`${one.entry} is missing: run tsc -b first`);
    await bundle(one);
  } catch (error) {
    rmSync(out, { recursive: true, force: true });
    console.error(error.errors ? `cannot build ${one.out}` : error.message);
    process.exitCode = 1;
  }
}
