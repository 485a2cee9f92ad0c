import { cpus, totalmem } from 'node:os';
import type { Row } from './row.js';

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export function table(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const { min, median, max } = row.measured;
    const floor = row.floor === null ? '' : `${digits.format(row.floor.median)} ${row.unit}`;
    const ratio = row.floor === null ? '' : digits.format(ratioToFloor(row));
    const figures = [min, median, max].map((value) => digits.format(value)).join(' / ');
    return `| ${row.question} | ${figures} ${row.unit} | ${floor} | ${ratio} | ${row.target} | ${row.isMet ? 'yes' : 'no'} |`;
  });
  return [
    '| question | min / median / max | raw floor | to the floor | target | met |',
    '|---|--:|--:|--:|---|---|',
    ...lines,
  ].join('\n');
}

/** How much of the floor's speed is left, or how many times its duration it takes. */
function ratioToFloor(row: Row): number {
  return row.measured.median / (row.floor?.median ?? Number.NaN);
}

export function page(rows: readonly Row[]): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Benchmarks

Written by \`npm run bench\`; every figure is of one run on one machine, so compare ratios, not milliseconds.
The raw floor is the same number of appends by bare SQLite on one connection with \`synchronous=FULL\`, measured in the same run;
for commands it is a Node process that does nothing.

Machine: ${machine}, Node ${process.version}.

${table(rows)}
`;
}
