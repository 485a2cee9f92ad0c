/** Purpose: reads the version of a nats-server and checks whether it is supported. */
import { spawnSync } from 'node:child_process';
import gte from 'semver/functions/gte.js';
import valid from 'semver/functions/valid.js';

/** The oldest supported server: 2.9 has no `sync_interval`, and it drains a queue more slowly the longer the queue is. */
export const leastVersion = '2.10.23';

/** @returns {string | undefined} Undefined if there is no such binary or it is not a nats-server. */
export function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? parseVersion(stdout) : undefined;
}

/** `nats-server: v2.15.1` → `2.15.1` */
function parseVersion(text) {
  const match = /^nats-server: v?(\S+)$/m.exec(text);
  return match ? (valid(match[1]) ?? undefined) : undefined;
}

export function isNewEnough(version) {
  return version !== undefined && gte(version, leastVersion);
}
