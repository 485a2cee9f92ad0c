import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('./kill-runner.js', import.meta.url));

/**
 * The kill runner in one file, which starts in a third of the time: these tests start hundreds of processes. It stays in its folder, so
 * that the plugins are found from there; one for each test process, so that none reads what another is writing.
 */
export async function bundleRunner(): Promise<string> {
  const outfile = source.replace(/\.js$/, `.${process.pid}.bundle.mjs`);
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['libsql', 'node:sqlite'],
    banner: {
      js: "import { createRequire as bundle_require } from 'node:module';\nconst require = bundle_require(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}
