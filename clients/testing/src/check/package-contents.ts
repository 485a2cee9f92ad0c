/** Purpose: what `npm pack` would publish. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { linksOutOf } from '@llmteam/kernel';
import { Skipped } from './check-report.js';

interface Description {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly files?: readonly string[];
  readonly exports?: unknown;
  readonly main?: string;
  readonly types?: string;
  readonly engines?: unknown;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, unknown>>;
  readonly optionalDependencies?: Readonly<Record<string, unknown>>;
}

const leftovers: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)node_modules\//, 'installed packages'],
  [/(^|\/)(tests?|__tests__)\//, 'tests'],
  [/\.(test|spec)\.[cm]?[jt]sx?$/, 'tests'],
  [/\.tsbuildinfo$/, 'what the compiler keeps for itself'],
  [/(^|\/)tsconfig[^/]*\.json$/, 'configuration of the compiler'],
  [/(^|\/)\.env(\.|$)/, 'environment variables, which may be secrets'],
  [/(^|\/)\.llmteam\//, 'runs'],
  [/\.(log|tgz)$/, 'leftovers'],
  [/^(?!.*\.d\.[cm]?ts$).*\.[cm]?tsx?$/, 'sources'],
];

/** @throws Error naming what is missing or should not be there; Skipped if npm cannot be run */
export function checkContents(folder: string): string {
  const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Description;
  const files = packedFiles(folder);
  const faults = [
    ...missing(description, files),
    ...onlyHere(description),
    ...linksOutOf(folder),
    ...files.flatMap((file) => {
      const [, what] = leftovers.find(([pattern]) => pattern.test(file)) ?? [];
      return what === undefined || isListed(file, description) ? [] : [`it contains ${what}: '${file}'`];
    }),
  ];
  if (faults.length > 0) throw new Error(faults.slice(0, 10).join('; '));
  return `${files.length} files`;
}

/** `--ignore-scripts`: a check must not build. */
function packedFiles(folder: string): string[] {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, stdout, stderr, error } = spawnSync(npm, ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    shell: process.platform === 'win32',
  });
  if (error !== undefined) throw new Skipped(`npm cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`npm pack refuses it: ${stderr.trim().split('\n').slice(0, 3).join(' ')}`);
  const [packed] = Object.values(
    JSON.parse(stdout) as Record<string, { readonly files: readonly { readonly path: string }[] }>,
  );
  return (packed?.files ?? []).map(({ path }) => path);
}

function missing(description: Description, files: readonly string[]): string[] {
  const { name, version, license, engines } = description;
  const has = (pattern: RegExp): boolean => files.some((file) => pattern.test(file));
  const entries = [...targetsOf(description.exports), description.main, description.types].filter(
    (one) => one !== undefined,
  );
  const absent = entries.map((one) => posix.normalize(one)).filter((one) => !one.includes('*') && !files.includes(one));
  return [
    ...(name === undefined ? ["package.json has no 'name'"] : []),
    ...(version === undefined ? ["package.json has no 'version'"] : []),
    ...(license === undefined ? ["package.json has no 'license'"] : []),
    ...(engines === undefined ? ["package.json has no 'engines': say which versions of Node it supports"] : []),
    ...(has(/^licen[cs]e(\.\w+)?$/i) ? [] : ['it has no LICENSE']),
    ...(has(/^readme(\.\w+)?$/i) ? [] : ['it has no README']),
    ...(has(/\.d\.[cm]?ts$/) ? [] : ['it has no types (.d.ts)']),
    ...[...new Set(absent)].map((one) => `package.json names '${one}', which is not in the package`),
  ];
}

/** Dependencies that are found on this machine alone; npm packs the package all the same. */
function onlyHere({ private: isPrivate, ...description }: Description): string[] {
  if (isPrivate === true) return [];
  return (['dependencies', 'peerDependencies', 'optionalDependencies'] as const).flatMap((section) =>
    Object.entries(description[section] ?? {})
      .filter(([, range]) => typeof range === 'string' && /^(file|link|portal|workspace):/.test(range))
      .map(
        ([name, range]) =>
          `'${name}' in '${section}' of package.json is '${String(range)}', which nobody else can install: ` +
          'write a version, such as "^0.1.0" (\'npm install --no-save FOLDER\' installs from a folder and leaves package.json as it is)',
      ),
  );
}

/** Every file that `exports` leads to. */
function targetsOf(exported: unknown): string[] {
  if (typeof exported === 'string') return [exported];
  return typeof exported === 'object' && exported !== null ? Object.values(exported).flatMap(targetsOf) : [];
}

/** Whether the author has listed the folder or the file itself. */
function isListed(file: string, { files = [] }: Description): boolean {
  if (file.includes('node_modules/') || file.includes('.env')) return false;
  const listed = files.map((one) => posix.normalize(one).replace(/\/(\*\*?(\/\*)?)?$/, ''));
  const leading = file.split('/').slice(0, -1).join('/');
  return (
    listed.includes(file) ||
    (listed.includes(leading) && !/\.(test|spec)\.|tsbuildinfo$/.test(file) && !leading.startsWith('dist'))
  );
}
