import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** `<host>-<process>-<chance>`: of this start of this process and of no other, and for people to find it by. */
export function processName(): string {
  const host = hostname()
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 64);
  return `${host}-${process.pid}-${randomBytes(3).toString('hex')}`;
}
