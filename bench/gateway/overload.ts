import { LlmteamClient } from '@llmteam/sdk';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Answered, quantile, Requests } from './requests.js';
import { one_step } from './starts.js';
import { type Target, with_dev } from './target.js';

const allowed_per_second = 200;
const quiet_per_second = 20;
const seconds = 8;

/** What becomes of a tenant that asks for five times what it may, and of one beside a tenant that asks for fifty times as much? */
export async function overload(): Promise<Row[]> {
  return with_dev(async (target) => [...(await five_times(target)), await beside_a_noisy_one(target)], {
    starts_per_second: allowed_per_second,
  });
}

async function five_times({ client, port, key }: Target): Promise<Row[]> {
  await client.store_segment(one_step);
  const requests = new Requests(port, key);
  const answers = await requests.at_rate(5 * allowed_per_second, seconds, 'one_step');
  requests.close();
  const goodput = answers.filter(({ status }) => status === 202).length / seconds / allowed_per_second;
  const refused = answers.filter(({ status }) => status === 429);
  const others = answers.length - refused.length - goodput * seconds * allowed_per_second;
  const p99 = quantile(took(refused), 0.99);
  const all_say_when = refused.every(({ retry_after }) => Number(retry_after) > 0);
  return [
    {
      key: 'overload_goodput_ratio',
      question: 'starts that are accepted of those allowed, at 5 × as many requests',
      unit: 'ratio',
      measured: spread([goodput]),
      floor: null,
      target: '≥ 0.8, none else than 202 and 429',
      is_met: goodput >= 0.8 && Math.round(others) === 0,
    },
    {
      key: 'overload_refusal_ms',
      question: 'refusals at 5 × as many requests, p50 / p99 / slowest',
      unit: 'ms',
      measured: { min: quantile(took(refused), 0.5), median: p99, max: quantile(took(refused), 1) },
      floor: null,
      target: 'p99 ≤ 100 ms, each with Retry-After',
      is_met: p99 <= 100 && all_say_when,
    },
  ];
}

async function beside_a_noisy_one({ port, key, make_key }: Target): Promise<Row> {
  const quiet_key = await make_key('quiet');
  const noisy = new Requests(port, key);
  const quiet = new Requests(port, quiet_key);
  await new LlmteamClient({ url: `http://127.0.0.1:${port}`, key: quiet_key }).store_segment(one_step);
  const alone = await quiet.at_rate(quiet_per_second, seconds, 'one_step');
  // 50 times what the quiet one asks for.
  const [beside] = await Promise.all([
    quiet.at_rate(quiet_per_second, seconds, 'one_step'),
    noisy.at_rate(50 * quiet_per_second, seconds, 'one_step'),
  ]);
  for (const requests of [noisy, quiet]) requests.close();
  const ratio = quantile(took(beside), 0.99) / quantile(took(alone), 0.99);
  const accepted = beside.filter(({ status }) => status === 202).length / beside.length;
  return {
    key: 'noisy_tenant_ratio',
    question: 'p99 of a tenant’s starts beside one that sends 50 × as many, to p99 alone',
    unit: 'ratio',
    measured: spread([ratio]),
    floor: null,
    target: '≤ 2, ≥ 90 % accepted',
    is_met: ratio <= 2 && accepted >= 0.9,
  };
}

function took(answers: readonly Answered[]): number[] {
  return answers.map(({ took_ms }) => took_ms);
}
