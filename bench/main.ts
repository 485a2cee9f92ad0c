import { writeFileSync } from 'node:fs';
import { type BenchRuntime, with_runtime } from './bench-runtime.js';
import { page, table } from './report.js';
import type { Row } from './row.js';
import { fan_out } from './rows/fan-out.js';
import { long_chains } from './rows/long-chains.js';
import { maps } from './rows/maps.js';
import { memory } from './rows/memory.js';
import { short_run } from './rows/short-run.js';
import { start_up } from './rows/start-up.js';
import { throughput } from './rows/throughput.js';

/** Memory first: it is the peak of this process. */
const questions: readonly ((runtime: BenchRuntime) => Promise<Row | readonly Row[]>)[] = [
  memory,
  short_run,
  throughput,
  fan_out,
  long_chains,
  maps,
];

const rows: Row[] = [];
for (const question of questions) {
  process.stderr.write(`${question.name} …\n`);
  rows.push(...[await with_runtime(question)].flat());
}
process.stderr.write('start_up …\n');
rows.push(...(await start_up()));

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(Object.fromEntries(rows.map(({ key, ...row }) => [key, row])), null, 2));
} else {
  console.log(table(rows));
  writeFileSync(new URL('../../BENCHMARKS.md', import.meta.url), page(rows));
}
