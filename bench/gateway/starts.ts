import type { Segment } from '@llmteam/contracts';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Answered, quantile, Requests } from './requests.js';
import { type Target, with_dev, with_nats } from './target.js';

const seconds = 8;

export const one_step: Segment = {
  segment_id: 'one_step',
  name: 'One step',
  entrypoint: 'work',
  steps: [{ step_id: 'work', type: 'noop' }],
};

interface Goal {
  readonly per_second: number;
  readonly at_half_ms: number;
  readonly at_peak_ms: number;
}

const goals = { embedded: { per_second: 1_000, at_half_ms: 50, at_peak_ms: 250 } } as const;
const goal_on_nats: Goal = { per_second: 500, at_half_ms: 50, at_peak_ms: 250 };

/** How many durable starts a second are acknowledged, and how soon? */
export async function starts(): Promise<Row[]> {
  const embedded = await with_dev((target) => measure(target, goals.embedded));
  const on_nats = await with_nats((target) => measure(target, goal_on_nats));
  return [...embedded, ...on_nats];
}

async function measure(target: Target, goal: Goal): Promise<Row[]> {
  await target.client.store_segment(one_step);
  const requests = new Requests(target.port, target.key);
  try {
    await requests.as_many_as_go(32, 2, 'one_step');
    const peak = accepted(await requests.as_many_as_go(64, seconds, 'one_step'));
    const per_second = peak.length / seconds;
    const half = accepted(await requests.at_rate(Math.round(per_second / 2), seconds, 'one_step'));
    const of = target.name;
    return [
      {
        key: `starts_per_second_${key_of(target)}`,
        question: `${of}: durable starts through the gateway, each run works too`,
        unit: 'runs/s',
        measured: spread([per_second]),
        floor: null,
        target: `≥ ${goal.per_second}`,
        is_met: per_second >= goal.per_second,
      },
      latency(`starts_peak_${key_of(target)}`, `${of}: acknowledgement at the peak, p50 / p99`, peak, goal.at_peak_ms),
      latency(
        `starts_half_${key_of(target)}`,
        `${of}: acknowledgement at half of it, p50 / p99`,
        half,
        goal.at_half_ms,
      ),
    ];
  } finally {
    requests.close();
  }
}

function accepted(answers: readonly Answered[]): Answered[] {
  return answers.filter(({ status }) => status === 202);
}

/** The spread is p50, p99 and the slowest. */
function latency(key: string, question: string, answers: readonly Answered[], most_ms: number): Row {
  const took = answers.map(({ took_ms }) => took_ms);
  const p99 = quantile(took, 0.99);
  return {
    key,
    question: `${question} / slowest`,
    unit: 'ms',
    measured: { min: quantile(took, 0.5), median: p99, max: quantile(took, 1) },
    floor: null,
    target: `p99 ≤ ${most_ms} ms`,
    is_met: p99 <= most_ms,
  };
}

export function key_of({ name }: Target): string {
  return name.toLowerCase();
}
