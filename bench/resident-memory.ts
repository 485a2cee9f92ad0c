import { readFileSync } from 'node:fs';

/** What a process occupies now, in MB of 2^20 bytes: `VmRSS`, with the pages of the Node binary that it touched and may share with others. */
export function residentMb(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1_024;
}
