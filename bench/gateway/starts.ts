import type { Segment } from '@llmteam/contracts';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Answered, quantile, Requests, startOf } from './requests.js';
import { type Target, withDev, withNats } from './target.js';

const seconds = 8;

export const oneStep: Segment = {
  segment_id: 'one_step',
  name: 'One step',
  entrypoint: 'work',
  steps: [{ step_id: 'work', type: 'noop' }],
};

interface Goal {
  readonly perSecond: number;
  readonly atHalfMs: number;
  readonly atPeakMs: number;
}

const goals = { embedded: { perSecond: 1_000, atHalfMs: 50, atPeakMs: 250 } } as const;
const goalOnNats: Goal = { perSecond: 500, atHalfMs: 50, atPeakMs: 250 };

/** How many durable starts per second does the gateway accept, and at what latency? */
export async function starts(): Promise<Row[]> {
  const embedded = await withDev((target) => measure(target, goals.embedded));
  const onNats = await withNats((target) => measure(target, goalOnNats));
  return [...embedded, ...onNats];
}

async function measure(target: Target, goal: Goal): Promise<Row[]> {
  await target.client.storeSegment(oneStep);
  const requests = new Requests(target.port, target.key);
  try {
    await requests.atConcurrency(32, 2, startOf('one_step'));
    const peak = accepted(await requests.atConcurrency(64, seconds, startOf('one_step')));
    const perSecond = peak.length / seconds;
    const half = accepted(await requests.atRate(Math.round(perSecond / 2), seconds, startOf('one_step')));
    const of = target.name;
    return [
      {
        key: `starts_per_second_${keyOf(target)}`,
        question: `${of}: durable starts through the gateway, runs executing meanwhile`,
        unit: 'runs/s',
        measured: spread([perSecond]),
        floor: null,
        target: `≥ ${goal.perSecond}`,
        isMet: perSecond >= goal.perSecond,
      },
      latency(`starts_peak_${keyOf(target)}`, `${of}: start latency at peak load, p50 / p99`, peak, goal.atPeakMs),
      latency(
        `starts_half_${keyOf(target)}`,
        `${of}: start latency at half of peak load, p50 / p99`,
        half,
        goal.atHalfMs,
      ),
    ];
  } finally {
    requests.close();
  }
}

function accepted(answers: readonly Answered[]): Answered[] {
  return answers.filter(({ status }) => status === 202);
}

/** `min`, `median` and `max` of the row hold p50, p99 and the maximum. */
function latency(key: string, question: string, answers: readonly Answered[], mostMs: number): Row {
  const took = answers.map(({ tookMs }) => tookMs);
  const p99 = quantile(took, 0.99);
  return {
    key,
    question: `${question} / slowest`,
    unit: 'ms',
    measured: { min: quantile(took, 0.5), median: p99, max: quantile(took, 1) },
    floor: null,
    target: `p99 ≤ ${mostMs} ms`,
    isMet: p99 <= mostMs,
  };
}

export function keyOf({ name }: Target): string {
  return name.toLowerCase();
}
