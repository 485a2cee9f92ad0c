import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = fileURLToPath(new URL('./kill-runner.js', import.meta.url));

/**
 * Bundles the kill runner, which cuts its startup time to a third: these tests start hundreds of processes. The bundle stays in its
 * folder, so that plugins resolve from there; each test process has its own, so that none reads what another is writing.
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
