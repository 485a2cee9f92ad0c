/** Purpose: which version a nats-server is of, and whether that is enough. */
import { spawnSync } from 'node:child_process';
import gte from 'semver/functions/gte.js';
import valid from 'semver/functions/valid.js';

/** The oldest server that is supported: 2.9 has no `syncInterval`, and the longer a queue is, the slower it drains it. */
export const leastVersion = '2.10.23';

/** @returns {string | undefined} Undefined if there is no such program, or it is something else. */
export function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? toldVersion(stdout) : undefined;
}

/** `nats-server: v2.15.1` → `2.15.1` */
function toldVersion(text) {
  const told = /^nats-server: v?(\S+)$/m.exec(text);
  return told ? (valid(told[1]) ?? undefined) : undefined;
}

export function isNewEnough(version) {
  return version !== undefined && gte(version, leastVersion);
}
