import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** `<host>-<pid>-<random>`: unique to this start of the process, and recognizable for people. */
export function processName(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 64);
  return `${host}-${process.pid}-${randomBytes(3).toString('hex')}`;
}
