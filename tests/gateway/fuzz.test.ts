// timeout: 300
// takes: 15
import { type RunAccepted, roles } from '@llmteam/contracts';
import { routes } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { RequestFuzz, randomFrom } from './support/request-fuzz.js';
import type { SampleIds } from './support/sample-requests.js';
import { asking, echo, waiting } from './support/segments.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

const requests = 24_000;
const atATime = 8;

interface Tally {
  readonly statuses: Map<number, number>;
  readonly operations: Set<string>;
  answers: number;
  /** Error responses without a problem document. */
  readonly faults: string[];
}

async function idsOf(world: GatewayWorld): Promise<SampleIds[]> {
  const ids: SampleIds[] = [{ run_id: 'absent', segment_id: 'absent', task_id: 'absent:approve' }];
  for (const tenant of ['acme', 'rival']) {
    const client = await withSegments(await world.client(tenant), echo, waiting, asking);
    for (const segmentId of ['echo', 'waiting', 'asking']) {
      const { run_id } = (await client.post<RunAccepted>(`/api/v1/segments/${segmentId}/runs`)).json;
      ids.push({ run_id, segment_id: segmentId, task_id: `${run_id}:approve` });
    }
  }
  return ids;
}

/** One of the concurrent clients. */
async function ask(fuzz: RequestFuzz, clients: readonly ApiClient[], share: number, tally: Tally): Promise<void> {
  for (let count = 0; count < share; count++) {
    const { method, path, body, headers } = fuzz.next();
    const client = clients[count % clients.length];
    const answer = await client?.send(method, path, { body, headers });
    if (answer === undefined) continue;
    tally.answers += 1;
    tally.statuses.set(answer.status, (tally.statuses.get(answer.status) ?? 0) + 1);
    const isProblem = String(answer.headers['content-type']).startsWith('application/problem+json');
    if (answer.status >= 500)
      tally.faults.push(`${method} ${path} ${answer.status}: ${answer.text} after ${String(body)}`);
    if (answer.status >= 400 && !isProblem) tally.faults.push(`${method} ${path} ${answer.status} without a problem`);
  }
}

spec('fuzzed requests to a gateway', (test) => {
  test(
    `${requests} generated requests each get a documented response, never an internal error`,
    async () => {
      await withGateway(async (world) => {
        const ids = await idsOf(world);
        const clients = [world.stranger, ...(await Promise.all(roles.map((role) => world.client('acme', role))))];
        const admins = await Promise.all([world.client('acme'), world.client('acme'), world.client('acme')]);
        const tally: Tally = { statuses: new Map(), operations: new Set(), answers: 0, faults: [] };
        const seed = 20_261_125;
        const askers = Array.from({ length: atATime }, (_, at) => {
          const fuzz = new RequestFuzz(randomFrom(seed + at), routes, ids);
          return ask(fuzz, [...admins, ...clients], requests / atATime, tally);
        });
        await Promise.all(askers);
        assert.equal(tally.faults.slice(0, 5), [], `seed ${seed}`);
        assert.is(tally.answers, requests);
        checkVariety(tally, world);
        assert.is((await world.stranger.get('/ready')).status, 200);
      });
    },
    { timeoutMs: 240_000 },
  );
});

/** The statuses must vary: a fuzzer whose requests are all rejected the same way tests nothing else. */
function checkVariety({ statuses }: Tally, { checker }: GatewayWorld): void {
  const seen = JSON.stringify([...statuses]);
  for (const status of [200, 202, 400, 401, 403, 404, 405, 409, 412, 415, 422]) {
    assert.ok((statuses.get(status) ?? 0) >= 5, `${status}: ${seen}`);
  }
  const well = [...statuses].filter(([status]) => status < 400).reduce((sum, [, count]) => sum + count, 0);
  assert.ok(well > requests / 20, seen);
  assert.ok(checker.exercised.size >= 24, `only ${checker.exercised.size} operations succeeded`);
}
