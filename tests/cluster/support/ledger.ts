/** The records of the effects plugin. */
import { existsSync, readFileSync } from 'node:fs';

export interface Execution {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly pid: number;
  readonly major: number;
  readonly what: 'began' | 'done';
  readonly run_id: string;
  /** Step key. */
  readonly step: string;
  readonly attempt: number;
}

export function readLedger(file: string): Execution[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Execution);
}
