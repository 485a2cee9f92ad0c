import type { BenchRuntime } from '../bench-runtime.js';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { chain } from '../segments.js';

/** Peak resident memory of this process in MB, the benchmark itself included. */
function peakMb(): number {
  return process.resourceUsage().maxRSS / 1_024;
}

/** Does memory stay bounded over 10,000 small runs and a run of 10,000 steps? Must run before any other benchmark of the process. */
export async function memory(runtime: BenchRuntime): Promise<Row[]> {
  const small = await runtime.prepare(chain(3));
  for (let count = 0; count < 10_000; count++) await runtime.run(small);
  const afterSmall = peakMb();
  await runtime.run(await runtime.prepare(chain(10_000)));
  return [
    row('memory_10000_runs_mb', 'peak memory after 10,000 sequential runs', afterSmall),
    row('memory_10000_steps_mb', 'peak memory after another run of 10,000 steps', peakMb()),
  ];
}

function row(key: string, question: string, mb: number): Row {
  return { key, question, unit: 'MB', measured: spread([mb]), floor: null, target: '≤ 300 MB', isMet: mb <= 300 };
}
