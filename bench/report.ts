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
    '| measurement | min / median / max | baseline | vs. baseline | target | met |',
    '|---|--:|--:|--:|---|---|',
    ...lines,
  ].join('\n');
}

/** The fraction of the baseline's throughput, or the multiple of its duration. */
function ratioToFloor(row: Row): number {
  return row.measured.median / (row.floor?.median ?? Number.NaN);
}

export function page(rows: readonly Row[]): string {
  const [cpu] = cpus();
  const machine = `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Benchmarks

Written by \`npm run bench\`. All figures are from one run on one machine: compare ratios, not milliseconds.
The baseline is the same number of appends by bare SQLite on one connection with \`synchronous=FULL\`; for commands it is an empty Node.js
process; on NATS it is a loop that only publishes, pulls and acks. Baselines are measured in the same run.

Machine: ${machine}, Node ${process.version}.

${table(rows)}
`;
}
