import { type BenchRuntime, withRuntime } from '../bench-runtime.js';
import { repeat, type Spread, spread, timeMs } from '../measure.js';
import type { Row } from '../row.js';
import { chain, fanOut, single } from '../segments.js';

const steps = 100;
const rounds = 15;
const width = 200;
const targetMs = { thread: 0.3, process: 0.6 } as const;

/** What does it cost to run a handler in a thread or process of its own? All three modes take turns. */
export async function isolation(): Promise<Row[]> {
  return withRuntime(
    (inline) => withRuntime((thread) => withRuntime((child) => compared(inline, thread, child), 'process'), 'thread'),
    'inline',
  );
}

async function compared(inline: BenchRuntime, thread: BenchRuntime, child: BenchRuntime): Promise<Row[]> {
  const perStep = { inline: [] as number[], thread: [] as number[], process: [] as number[] };
  const runtimes = { inline, thread, process: child };
  for (let round = 0; round < rounds; round++) {
    for (const [mode, runtime] of Object.entries(runtimes) as [keyof typeof runtimes, BenchRuntime][]) {
      const definition = await runtime.prepare(chain(steps));
      const elapsed = await timeMs(() => runtime.run(definition));
      // The first rounds warm up both sides.
      if (round >= 3) perStep[mode].push(elapsed / steps);
    }
  }
  const added = (mode: 'thread' | 'process'): Spread =>
    spread(perStep[mode].map((ms, round) => ms - (perStep.inline[round] ?? Number.NaN)));
  return [
    overhead('thread', added('thread')),
    overhead('process', added('process')),
    await throughput('thread', thread),
    await throughput('process', child),
    await besideHarm(child),
  ];
}

const harms = ['exit', 'stray', 'fill', 'flood'];

/** Do steps of the same plugin notice that others of its steps exit, fill memory and flood stdout all the time? */
async function besideHarm(runtime: BenchRuntime): Promise<Row> {
  const calm = await runtime.prepare(chain(1));
  const harmful = await Promise.all(harms.map((how) => runtime.prepare(single('harm', { how }))));
  const ratios: number[] = [];
  for (let round = 0; round < 5; round++) {
    const alone = await p99(() => runtime.run(calm));
    const state = { isOver: false };
    const doing = harmful.map(async (definition) => {
      while (!state.isOver) await runtime.run(definition);
    });
    const beside = await p99(() => runtime.run(calm));
    state.isOver = true;
    await Promise.all(doing);
    ratios.push(beside / alone);
  }
  const measured = spread(ratios);
  return {
    key: 'neighbours_p99_ratio',
    question: 'a step beside four that exit, throw, fill memory and flood stdout without end: p99 vs. alone',
    unit: 'ratio',
    measured,
    floor: null,
    target: '≤ 2',
    isMet: measured.median <= 2,
  };
}

async function p99(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < 300; count++) times.push(await timeMs(run));
  return times.sort((one, other) => one - other)[Math.floor(0.99 * times.length)] ?? Number.NaN;
}

function overhead(mode: 'thread' | 'process', measured: Spread): Row {
  const target = targetMs[mode];
  return {
    key: `${mode}_isolation_ms_per_step`,
    question: `a step in a ${mode} of its own, warm: time added`,
    unit: 'ms',
    measured,
    floor: null,
    target: `≤ ${target} ms`,
    isMet: measured.median <= target,
  };
}

/** All cores are busy: the isolates, the engine and the store share them. */
async function throughput(mode: 'thread' | 'process', runtime: BenchRuntime): Promise<Row> {
  const definition = await runtime.prepare(fanOut(width));
  await runtime.run(definition);
  const measured = await repeat(5, async () => (width * 1_000) / (await timeMs(() => runtime.run(definition))));
  return {
    key: `${mode}_isolation_steps_per_second`,
    question: `steps in ${mode === 'thread' ? 'threads' : 'processes'} of their own, 16 at a time`,
    unit: 'steps/s',
    measured,
    floor: null,
    target: 'told, no target',
    isMet: true,
  };
}
