import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Json, KvStore, RunAccepted } from '@llmteam/contracts';
import { AuditLog, type AuditRecord, readAudit, verifyAudit } from '@llmteam/gateway';
import { systemClock } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { echo, waiting } from './support/segments.js';
import { withGateway, withSegments } from './support/with-gateway.js';

const record = (action: string): AuditRecord => ({
  at: 1,
  key: 'prefix',
  name: 'ada',
  action,
  target: '/api/v1/runs/x',
  status: 200,
  request_id: 'r',
});

async function withKvStore(use: (kv: KvStore) => Promise<void>): Promise<void> {
  const backend = await openMemoryBackend({ clock: systemClock() });
  try {
    await use(backend.kv);
  } finally {
    await backend.close();
  }
}

async function actionsOf(kv: KvStore, tenantId: string): Promise<string[]> {
  const actions: string[] = [];
  for await (const { action } of readAudit(kv, tenantId)) actions.push(action);
  return actions;
}

spec('the audit trail', (test) => {
  test('has every change of a tenant, by whom, and nothing that was only looked at or refused', async () => {
    await withGateway(async ({ client, backend }) => {
      const own = await withSegments(await client('acme', 'author'), echo, waiting);
      const { run_id } = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      await own.get(`/api/v1/runs/${run_id}`);
      await own.post('/api/v1/segments/absent/runs');
      await own.post(`/api/v1/runs/${run_id}/cancel`, {}, { headers: { 'X-Request-Id': 'mine' } });
      await own.delete('/api/v1/segments/echo');
      const records: AuditRecord[] = [];
      for await (const one of readAudit(backend.kv, 'acme')) records.push(one);
      assert.equal(
        records.map(({ action, status }) => [action, status]),
        [
          ['store_segment', 201],
          ['store_segment', 201],
          ['start_run', 202],
          ['cancel_run', 200],
          ['delete_segment', 204],
        ],
      );
      const cancel = records[3];
      assert.equal(
        [cancel?.target, cancel?.name, cancel?.request_id],
        [`/api/v1/runs/${run_id}/cancel`, 'author-key', 'mine'],
      );
      assert.is((await verifyAudit(backend.kv, 'acme')).intact, true);
      assert.equal(await actionsOf(backend.kv, 'rival'), []);
    });
  });

  test('of two gateways that write at once is one chain with every record', async () => {
    await withKvStore(async (kv) => {
      const logs = [new AuditLog(kv), new AuditLog(kv), new AuditLog(kv)];
      const names = Array.from({ length: 90 }, (_, number) => `a${number}`);
      await Promise.all(names.map((name, at) => logs[at % 3]?.append('acme', record(name))));
      assert.equal((await actionsOf(kv, 'acme')).sort(), names.sort());
      const verdict = await verifyAudit(kv, 'acme');
      assert.equal([verdict.intact, verdict.records], [true, 90]);
    });
  });

  test('shows a page that was changed, taken out or put in', async () => {
    const faults: Readonly<Record<string, (kv: KvStore, keys: readonly string[]) => Promise<unknown>>> = {
      changed: async (kv, [, key = '']) => {
        const page = (await kv.get(key))?.value;
        return kv.put(key, JSON.parse(JSON.stringify(page).replace('"b"', '"x"')) as Json);
      },
      'taken out': (kv, [, key = '']) => kv.delete(key),
      'put in place of another': async (kv, [first = '', second = '']) => {
        return kv.put(second, (await kv.get(first))?.value ?? null);
      },
    };
    for (const [what, tamper] of Object.entries(faults)) {
      await withKvStore(async (kv) => {
        const log = new AuditLog(kv);
        for (const action of ['a', 'b', 'c']) await log.append('acme', record(action));
        assert.is((await verifyAudit(kv, 'acme')).intact, true);
        const keys = (await kv.list('audit/acme/')).map(({ key }) => key);
        await tamper(kv, keys);
        const verdict = await verifyAudit(kv, 'acme');
        assert.is(verdict.intact, false, what);
        assert.match(String(verdict.fault), /page [12]/);
      });
    }
  });
});
