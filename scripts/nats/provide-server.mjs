/**
 * Purpose: finds a nats-server that is new enough, or downloads one.
 * Owns: the search order, the cache folder, the one-line instructions if there is none.
 * Invariants:
 *  P1 every returned server has been run once and has reported its version
 *  P2 a server in the cache is complete even if several processes fill the cache: it gets there by a rename
 *  P3 a server named by an environment variable is used or rejected, never skipped
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AptFailure, downloadPrograms } from './apt-download.mjs';
import { isNewEnough, leastVersion, versionOf } from './server-version.mjs';

/** Debian suites: the first has the newest server, the second the oldest supported one. */
export const suites = ['testing', 'trixie'];

/** No server is available. The message is one line for the user. */
export class NoServer extends Error {}

/**
 * @param {string} suite One of `suites`.
 * @param {{ env: Record<string, string | undefined>, cache: string, apt: string }} places
 * @returns {{ path: string, version: string }}
 */
export function provideServer(suite, { env, cache, apt }) {
  const named = namedServer(suite, env);
  if (named) return named;
  const onPath = serversOnPath(env);
  const installed = onPath.find(({ version }) => isNewEnough(version));
  if (installed) return installed;
  const path = join(cache, suite, 'nats-server');
  return usable(path) ?? fetched(suite, { cache, apt, path, tooOld: onPath[0] });
}

function namedServer(suite, env) {
  const variable = [`NATS_SERVER_BIN_${suite.toUpperCase()}`, 'NATS_SERVER_BIN'].find((name) => env[name]);
  if (variable === undefined) return undefined;
  const path = env[variable];
  const version = versionOf(path);
  if (isNewEnough(version)) return { path, version };
  const fault = version === undefined ? 'is no nats-server that runs here' : `is nats-server ${version}`;
  throw new NoServer(`${variable} ${fault}, and ${leastVersion} or later is needed: ${path}`);
}

/** In PATH order; binaries that do not run are left out. */
function serversOnPath(env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => {
    const path = join(folder, 'nats-server');
    const version = versionOf(path);
    return version === undefined ? [] : [{ path, version }];
  });
}

function usable(path) {
  const version = versionOf(path);
  return isNewEnough(version) ? { path, version } : undefined;
}

function fetched(suite, { cache, apt, path, tooOld }) {
  mkdirSync(join(cache, suite), { recursive: true });
  removeLeftovers(cache);
  const folder = mkdtempSync(join(cache, 'download-'));
  try {
    const [downloaded] = downloadPrograms(['nats-server'], suite, folder, apt);
    const version = versionOf(downloaded);
    if (!isNewEnough(version))
      throw new AptFailure(`the one of Debian ${suite} is ${version ?? 'not for this machine'}`);
    renameSync(downloaded, path);
    return { path, version };
  } catch (error) {
    if (error instanceof AptFailure) throw new NoServer(whatToDo(suite, error.message, tooOld), { cause: error });
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what processes left behind that were killed during a download. */
function removeLeftovers(cache) {
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of readdirSync(cache).filter((entry) => entry.startsWith('download-'))) {
    const { mtimeMs } = statSync(join(cache, name), { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (mtimeMs < anHourAgo) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function whatToDo(suite, failure, tooOld) {
  const found = tooOld ? `the one on the PATH is ${tooOld.version}` : 'none is on the PATH';
  return `nats-server ${leastVersion} or later is needed (${suite}): ${found}, and apt did not get one (${failure}); ${installHint()}`;
}

function installHint() {
  if (process.platform === 'darwin') return 'run `brew install nats-server`, or set NATS_SERVER_BIN to the path of one';
  if (statSync('/etc/alpine-release', { throwIfNoEntry: false })) {
    return 'run `apk add nats-server`, or set NATS_SERVER_BIN to the path of one';
  }
  return 'unpack a release of the NATS project and set NATS_SERVER_BIN to its path';
}
