/**
 * Purpose: keeps `npm ci` working on a fresh machine of any platform.
 * `npm install` drops optional packages it cannot fetch (say, from a registry mirror without the macOS build of a tool) from the lock
 * file, and `npm ci` then rejects the whole file. This finds what was dropped; `--fix` adds it again without a checksum, which npm allows.
 *
 *   node scripts/check-lock.mjs [--fix]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = join(dirname(fileURLToPath(import.meta.url)), '../package-lock.json');
const lock = JSON.parse(readFileSync(path, 'utf8'));

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Whether npm, resolving `name` from the package at `from`, finds it in the lock file. */
function isLocked(name, from) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (!folder) return false;
  }
}

/** The lock entry of a platform-specific package, derived from its name: `…-linux-x64-musl`. */
function platformEntry(name, version, parent) {
  const words = name.split('/').at(-1).split('-');
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  if (!(os && cpu && /^\d+\.\d+\.\d+$/.test(version))) return undefined;
  const libc = libcOf(words, os);
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(libc ? { libc: [libc] } : {}),
    optional: true,
    os: [os],
  };
}

function libcOf(words, os) {
  if (os !== 'linux') return undefined;
  if (words.includes('musl')) return 'musl';
  return words.includes('gnu') ? 'glibc' : undefined;
}

const missing = Object.entries(lock.packages).flatMap(([from, parent]) =>
  Object.entries(parent.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(name, from))
    .map(([name, version]) => ({ name, version, parent })),
);

if (process.argv.includes('--fix')) {
  for (const { name, version, parent } of missing) {
    const entry = platformEntry(name, version, parent);
    if (!entry) throw new Error(`cannot tell the platform of ${name}@${version}; add it to the lock file by hand`);
    lock.packages[`node_modules/${name}`] = entry;
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} optional packages added`);
} else if (missing.length > 0) {
  for (const { name, version } of missing) console.error(`${name}@${version} is not in package-lock.json`);
  console.error('npm ci would reject the lock file; run node scripts/check-lock.mjs --fix');
  process.exitCode = 1;
}
