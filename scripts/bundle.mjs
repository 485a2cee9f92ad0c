/**
 * Purpose: bundles the compiled command line and the built-in plugins, so that they start in a third of the time: few files, and only
 * those a command needs.
 *
 *   node scripts/bundle.mjs
 *   node scripts/bundle.mjs --entry FILE --out FOLDER      one entry of another kind, as main.js
 *
 * What an entry imports dynamically (`await import('./run.js')`) becomes a file that is loaded on demand.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { values } = parseArgs({ options: { entry: { type: 'string' }, out: { type: 'string' } } });

/** The command line and the built-in plugins: the entry, and where its bundle goes. */
const everything = [
  { name: 'main', entry: 'clients/cli/dist/main.js', out: 'clients/cli/bundle' },
  ...['flow', 'transform', 'llm-agent', 'http-action'].map((plugin) => ({
    name: 'index',
    entry: `plugins/${plugin}/dist/index.js`,
    out: `plugins/${plugin}/bundle`,
  })),
];
const wanted = values.entry === undefined ? everything : [{ name: 'main', entry: values.entry, out: values.out }];

/** libsql brings native code; node:sqlite is absent from Node 20. Both are asked for at run time. */
const external = ['libsql', 'node:sqlite'];

/** CommonJS packages inside an ES module call `require` for Node's own modules. */
const banner =
  "import { createRequire as __bundle_require } from 'node:module';\nconst require = __bundle_require(import.meta.url);";

/** `await import('a CommonJS package')` in our code yields no named exports once bundled, and nothing says so before it is called. */
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

/** What Node reads before the first line of the entry runs: the entry and all it imports statically. */
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

/** Files of other packages that ours serve as they are: copied, so that the package need not be installed. */
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
    console.error(error.errors ? `${one.out} could not be built` : error.message);
    process.exitCode = 1;
  }
}
