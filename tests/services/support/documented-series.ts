import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../examples/llmteam-process.js';

/** The series that `docs/metrics.md` says a process has, and the labels of each. */
export function documentedSeries(process: string): ReadonlyMap<string, readonly string[]> {
  const rows = readFileSync(join(root, 'docs/metrics.md'), 'utf8').split('\n');
  const cells = rows
    .filter((row) => row.startsWith('| `llmteam_'))
    .map((row) => row.split('|').map((one) => one.trim()));
  const ofProcess = cells.filter((row) => row.at(-2)?.split(', ').includes(process));
  return new Map(ofProcess.map(([, name = '', labels = '']) => [quoted(name)[0] ?? '', quoted(labels)]));
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}
