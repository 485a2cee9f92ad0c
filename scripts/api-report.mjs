/**
 * Purpose: the public API of the packages that authors of plugins compile against, in docs/api; needs a build.
 *
 *   node scripts/api-report.mjs             writes the reports
 *   node scripts/api-report.mjs --check     fails if one is stale, or if the API of the last release is broken without a new major version
 *   node scripts/api-report.mjs --release   keeps the reports as those of a release, with its version
 *   --package FOLDER --reports FOLDER       one other package, other reports
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { breakingChanges, mayBreak } from './api/breaking-changes.mjs';
import { stableOrder } from './api/stable-order.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    check: { type: 'boolean' },
    release: { type: 'boolean' },
    package: { type: 'string' },
    reports: { type: 'string' },
  },
});
const folders =
  values.package === undefined
    ? ['contracts', 'plugins/ai-sdk', 'plugins/authoring', 'clients/testing']
    : [values.package];
const reports = resolve(values.reports ?? join(root, 'docs/api'));

/** The report of a package as text. */
function reportOf(folder) {
  const temporary = mkdtempSync(join(tmpdir(), 'llmteam-api-'));
  try {
    const { errorCount } = Extractor.invoke(configOf(folder, temporary), {
      localBuild: true,
      messageCallback: (message) => {
        message.handled = message.logLevel !== 'error';
      },
    });
    if (errorCount > 0) throw new Error(`no report of ${folder} can be made; is it built?`);
    return stableOrder(readFileSync(join(temporary, 'report.api.md'), 'utf8').replaceAll('\r\n', '\n'));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function configOf(folder, temporary) {
  return ExtractorConfig.prepare({
    packageJsonFullPath: join(folder, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, 'dist/index.d.ts'),
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2023',
            module: 'nodenext',
            types: ['node'],
            typeRoots: [join(root, 'node_modules/@types')],
            skipLibCheck: true,
          },
          files: [join(folder, 'dist/index.d.ts')],
        },
      },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: 'report.api.md',
        reportFolder: temporary,
        reportTempFolder: join(temporary, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: { default: { logLevel: 'none' } },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** What is wrong with the API of a package; empty if nothing is. */
function faultsOf(report, name, { version }) {
  const faults = [];
  if (read(join(reports, `${name}.api.md`)) !== report)
    faults.push(`docs/api/${name}.api.md is stale: run \`npm run api\` and review the difference`);
  const released = read(join(reports, 'released', `${name}.api.md`));
  if (released === null) return faults;
  const [, releasedVersion = '0.0.0'] = /^<!-- (\S+) -->/.exec(released) ?? [];
  const broken = breakingChanges(released, report);
  if (broken.length > 0 && !mayBreak(releasedVersion, version)) {
    const needed = releasedVersion.startsWith('0.') ? 'minor' : 'major';
    faults.push(
      `${name} ${version} breaks the API of ${releasedVersion}, which takes a new ${needed} version:`,
      ...broken.map((line) => `  ${line}`),
    );
  }
  return faults;
}

for (const one of folders) {
  const folder = resolve(root, one);
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const name = basename(description.name);
  const report = reportOf(folder);
  if (values.check) {
    const faults = faultsOf(report, name, description);
    for (const fault of faults) console.error(fault);
    if (faults.length > 0) process.exitCode = 1;
    continue;
  }
  const target = values.release ? join(reports, 'released') : reports;
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, `${name}.api.md`), values.release ? `<!-- ${description.version} -->\n${report}` : report);
}
