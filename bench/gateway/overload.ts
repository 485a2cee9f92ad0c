import { LlmteamClient } from '@llmteam/sdk';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Answered, quantile, Requests, startOf } from './requests.js';
import { oneStep } from './starts.js';
import { steadyLoad } from './steady-client.js';
import { type Target, withDev } from './target.js';

const allowedPerSecond = 200;
const quietPerSecond = 20;
const seconds = 8;
const rounds = 5;

/** How does the gateway treat a tenant at five times its rate limit, and a quiet tenant next to one with fifty times its load? */
export async function overload(): Promise<Row[]> {
  return withDev(async (target) => [...(await fiveTimesTheLimit(target)), await noisyNeighbor(target)], {
    starts_per_second: allowedPerSecond,
  });
}

async function fiveTimesTheLimit({ client, port, key }: Target): Promise<Row[]> {
  await client.storeSegment(oneStep);
  const requests = new Requests(port, key);
  const answers = await requests.atRate(5 * allowedPerSecond, seconds, startOf('one_step'));
  requests.close();
  const goodput = answers.filter(({ status }) => status === 202).length / seconds / allowedPerSecond;
  const refused = answers.filter(({ status }) => status === 429);
  const others = answers.length - refused.length - goodput * seconds * allowedPerSecond;
  const p99 = quantile(took(refused), 0.99);
  const allHaveRetryAfter = refused.every(({ retryAfter }) => Number(retryAfter) > 0);
  return [
    {
      key: 'overload_goodput_ratio',
      question: 'share of allowed starts accepted at 5 × overload',
      unit: 'ratio',
      measured: spread([goodput]),
      floor: null,
      target: '≥ 0.8, only 202 and 429',
      isMet: goodput >= 0.8 && Math.round(others) === 0,
    },
    {
      key: 'overload_refusal_ms',
      question: 'latency of rejections at 5 × overload, p50 / p99 / slowest',
      unit: 'ms',
      measured: { min: quantile(took(refused), 0.5), median: p99, max: quantile(took(refused), 1) },
      floor: null,
      target: 'p99 ≤ 100 ms, each with Retry-After',
      isMet: p99 <= 100 && allHaveRetryAfter,
    },
  ];
}

async function noisyNeighbor({ port, key, makeKey }: Target): Promise<Row> {
  const quietKey = await makeKey('quiet');
  await new LlmteamClient({ url: `http://127.0.0.1:${port}`, key: quietKey }).storeSegment(oneStep);
  const ask = startOf('one_step');
  const quiet = { port, key: quietKey, perSecond: quietPerSecond, seconds, ask, keepsConnections: true };
  const ratios: number[] = [];
  let accepted = 1;
  for (let round = 0; round < rounds; round++) {
    const alone = await steadyLoad(quiet);
    const noisy = new Requests(port, key);
    const [beside] = await Promise.all([steadyLoad(quiet), noisy.atRate(50 * quietPerSecond, seconds + 1, ask)]);
    noisy.close();
    ratios.push(quantile(took(beside), 0.99) / quantile(took(alone), 0.99));
    accepted = Math.min(accepted, beside.filter(({ status }) => status === 202).length / beside.length);
  }
  const measured = spread(ratios);
  return {
    key: 'noisy_tenant_ratio',
    question: 'p99 of a tenant’s starts next to a tenant with 50 × the load, vs. alone',
    unit: 'ratio',
    measured,
    floor: null,
    target: '≤ 2, ≥ 90 % accepted',
    isMet: measured.median <= 2 && accepted >= 0.9,
  };
}

function took(answers: readonly Answered[]): number[] {
  return answers.map(({ tookMs }) => tookMs);
}
