/** What reading costs others: pages of histories go on where the last one ended, and what clients do not read is bounded. */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Entry, EventPage, Journal, RunAccepted, StepPage } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { chain } from './support/segments.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

interface Watched {
  /** Entries of histories that were read. */
  entries: number;
}

/** A gateway over a journal that counts what is read, with a run of 60 steps. */
async function withLongRun(
  use: (client: ApiClient, path: string, watched: Watched, world: GatewayWorld) => Promise<void>,
) {
  const watched: Watched = { entries: 0 };
  const inner = await openMemoryBackend({ clock: systemClock(), partitions: 2 });
  const read: Journal['read'] = async function* (run, after): AsyncGenerator<Entry> {
    for await (const entry of inner.journal.read(run, after)) {
      watched.entries++;
      yield entry;
    }
  };
  const backend = altered(inner, { journal: altered(inner.journal, { read }) });
  await withGateway(
    async (world) => {
      const client = await withSegments(await world.client(), chain(60));
      const { run_id } = (await client.post<RunAccepted>('/api/v1/segments/chain_60/runs?wait=30')).json;
      await use(client, `/api/v1/runs/${run_id}`, watched, world);
    },
    { backend },
  );
}

spec('gateway: reading long runs', (test) => {
  test('pages of events, each after the last, read the history once', () =>
    withLongRun(async (client, path, watched) => {
      const all = (await client.get<EventPage>(`${path}/events?limit=10000`)).json.events;
      const whole = watched.entries;
      watched.entries = 0;
      const found: EventPage['events'] = [];
      for (let cursor: string | null = '1'; cursor !== null; ) {
        const page: EventPage = (await client.get<EventPage>(`${path}/events?limit=7&cursor=${cursor}`)).json;
        found.push(...page.events);
        cursor = page.cursor;
      }
      assert.equal(found, all);
      assert.ok(watched.entries < 2 * whole, `${watched.entries} entries were read for a history of ${whole}`);
    }));

  test('a page out of turn, and the same page again, are what they were', () =>
    withLongRun(async (client, path) => {
      const page = async (from: number) =>
        (await client.get<EventPage>(`${path}/events?limit=5&from_seq=${from}`)).json.events.map(({ seq }) => seq);
      for (const from of [1, 6, 6, 1, 11, 40, 6]) {
        assert.equal(await page(from), [from, from + 1, from + 2, from + 3, from + 4]);
      }
    }));

  test('pages of steps, each after the last, read the history once', () =>
    withLongRun(async (client, path, watched) => {
      await client.get<StepPage>(`${path}/steps?limit=1000`);
      const whole = watched.entries;
      watched.entries = 0;
      const found: string[] = [];
      for (let cursor: string | null = '0'; cursor !== null; ) {
        const after: string = cursor === '0' ? '' : `&cursor=${cursor}`;
        const page: StepPage = (await client.get<StepPage>(`${path}/steps?limit=7${after}`)).json;
        found.push(...page.steps.map(({ step }) => step));
        cursor = page.cursor;
      }
      assert.is(new Set(found).size, 60);
      assert.ok(watched.entries < 2 * whole, `${watched.entries} entries were read for a history of ${whole}`);
    }));
});
