import { createHash } from 'node:crypto';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { AuditEntryPage, Json, JsonObject, KvStore, ProblemDetails, RunAccepted } from '@llmteam/contracts';
import { AuditLog, type AuditRecord, AuditSeals, auditEntries, readAudit, verifyAudit } from '@llmteam/gateway';
import { systemClock } from '@llmteam/service-host';
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

  test('misses pages that were cut off at the end, also with the head record of an earlier time', async () => {
    await withKvStore(async (kv) => {
      const log = new AuditLog(kv);
      await log.append('acme', record('a'));
      const early = await verifyAudit(kv, 'acme');
      for (const action of ['b', 'c']) await log.append('acme', record(action));
      const { head } = await verifyAudit(kv, 'acme');
      assert.is((await verifyAudit(kv, 'acme', { expectHead: early.head ?? '' })).intact, true);
      await kv.delete(await lastPageOf(kv));
      const cut = await verifyAudit(kv, 'acme');
      assert.equal([cut.intact, cut.fault], [false, 'pages 3 to 3 are missing at the end']);
      // Whoever can write to the store can also put back an earlier head record. A head that is kept elsewhere shows it.
      const other = new AuditLog(kv);
      await kv.delete('audit_heads/acme');
      await other.append('acme', record('x'));
      assert.is((await verifyAudit(kv, 'acme')).intact, true);
      assert.match(
        String((await verifyAudit(kv, 'acme', { expectHead: head ?? '' })).fault),
        /no page has the expected head/,
      );
    });
  });

  test('misses its head record, and sees that it was changed', async () => {
    await withKvStore(async (kv) => {
      const log = new AuditLog(kv);
      for (const action of ['a', 'b']) await log.append('acme', record(action));
      const head = (await kv.get('audit_heads/acme'))?.value as JsonObject;
      for (const wrong of [{ ...head, page: 1 }, { ...head, hash: 'x' }, { ...head, seal: 'x' }, 'nonsense', null]) {
        await kv.put('audit_heads/acme', wrong);
        assert.is((await verifyAudit(kv, 'acme')).fault, 'the head record was changed', JSON.stringify(wrong));
      }
      await kv.delete('audit_heads/acme');
      assert.is((await verifyAudit(kv, 'acme')).fault, 'the head record is missing');
      await log.append('acme', record('c'));
      assert.is((await verifyAudit(kv, 'acme')).intact, true);
    });
  });

  test('of an earlier release is intact, and is gone on with', async () => {
    await withKvStore(async (kv) => {
      let previous = '0'.repeat(64);
      for (const page of [1, 2]) {
        const { at, key, name, action, target, status, request_id } = record(`old${page}`);
        const fields = [[at, key, name, action, target, status, request_id]];
        const hash = createHash('sha256')
          .update(JSON.stringify([page, previous, fields]))
          .digest('hex');
        const stored = { page, records: [{ ...record(`old${page}`) }], previous, hash };
        await kv.put(`audit/acme/${String(page).padStart(12, '0')}`, stored);
        previous = hash;
      }
      const verdict = await verifyAudit(kv, 'acme');
      assert.equal([verdict.intact, verdict.pages, verdict.head], [true, 2, previous]);
      const seals = new AuditSeals(['a key of the audit trail']);
      await new AuditLog(kv, seals).append('acme', record('new'));
      const { intact, pages, keyed_pages } = await verifyAudit(kv, 'acme', { seals });
      assert.equal([intact, pages, keyed_pages], [true, 3, 1]);
      assert.equal(await actionsOf(kv, 'acme'), ['old1', 'old2', 'new']);
    });
  });

  test('with a key cannot be rewritten or cut off without it', async () => {
    await withKvStore(async (kv) => {
      const seals = new AuditSeals(['the first key of the trail']);
      const log = new AuditLog(kv, seals);
      for (const action of ['a', 'b', 'c']) await log.append('acme', record(action));
      const whole = await verifyAudit(kv, 'acme', { seals });
      assert.equal([whole.intact, whole.keyed_pages], [true, 3]);
      assert.match(
        String((await verifyAudit(kv, 'acme')).fault),
        /page 1 was written with a key that is not configured/,
      );
      const foreign = await verifyAudit(kv, 'acme', { seals: new AuditSeals(['another key of the trail']) });
      assert.is(foreign.intact, false);
      // Without the key, whoever can write to the store can append only pages that are not keyed.
      await kv.delete(await lastPageOf(kv));
      await kv.delete('audit_heads/acme');
      await new AuditLog(kv).append('acme', record('forged'));
      assert.is((await verifyAudit(kv, 'acme', { seals })).fault, 'page 3 is not keyed, unlike page 2');
      await kv.delete(await lastPageOf(kv));
      const head = { page: 2, hash: (await verifyAudit(kv, 'acme', { seals })).head, scheme: 'sha256' };
      const seal = createHash('sha256')
        .update(JSON.stringify(['audit head', 'sha256', 'acme', 2, head.hash]))
        .digest('hex');
      await kv.put('audit_heads/acme', { ...head, seal });
      assert.is((await verifyAudit(kv, 'acme', { seals })).fault, 'the head record is not keyed, unlike its page');
    });
  });

  test('may change its key: pages say with which they were written', async () => {
    await withKvStore(async (kv) => {
      const [first, second] = ['the first key of the trail', 'the second key of the trail'];
      await new AuditLog(kv, new AuditSeals([first])).append('acme', record('a'));
      await new AuditLog(kv, new AuditSeals([second, first])).append('acme', record('b'));
      const both = new AuditSeals([second, first]);
      assert.equal((await verifyAudit(kv, 'acme', { seals: both })).fault, null);
      assert.match(
        String((await verifyAudit(kv, 'acme', { seals: new AuditSeals([second]) })).fault),
        /page 1 .* not configured/,
      );
      assert.throws(() => new AuditSeals(['short']), /at least 16 characters/);
    });
  });

  test('of one tenant does not pass as that of another', async () => {
    await withKvStore(async (kv) => {
      await new AuditLog(kv).append('acme', record('a'));
      for (const prefix of ['audit/', 'audit_heads/']) {
        for (const { key, value } of await kv.list(prefix)) await kv.put(key.replace('acme', 'rival'), value);
      }
      assert.is((await verifyAudit(kv, 'rival')).fault, 'page 1 was changed');
    });
  });

  test('is verified while it is written', async () => {
    await withKvStore(async (kv) => {
      const log = new AuditLog(kv);
      await log.append('acme', record('first'));
      const writing = { isOver: false };
      const written = (async () => {
        for (let number = 0; number < 200; number++) await log.append('acme', record(`a${number}`));
        writing.isOver = true;
      })();
      while (!writing.isOver) {
        assert.is((await verifyAudit(kv, 'acme')).fault, null);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await written;
    });
  });

  test('with values that are no pages is not intact, and is still read', async () => {
    for (const wrong of [null, 'text', 7, [], {}, { page: 2 }, { page: 2, records: [null], previous: '', hash: '' }]) {
      await withKvStore(async (kv) => {
        const log = new AuditLog(kv);
        for (const action of ['a', 'b', 'c']) await log.append('acme', record(action));
        await kv.put('audit/acme/000000000002', wrong);
        assert.is((await verifyAudit(kv, 'acme')).fault, 'page 2 is not a page', JSON.stringify(wrong));
        const { records } = await auditEntries(kv, { tenant_id: 'acme' });
        assert.equal(
          records.map(({ action }) => action),
          ['c', 'a'],
        );
      });
    }
  });

  test('is listed newest first, in pages, by key, action and time', async () => {
    await withKvStore(async (kv) => {
      const log = new AuditLog(kv);
      const rows = Array.from({ length: 130 }, (_, at) => ({
        ...record(at % 3 === 0 ? 'start_run' : 'cancel_run'),
        at: at * 1_000,
        key: at % 2 === 0 ? 'even' : 'odd',
        request_id: `r${at}`,
      }));
      // Several records on a page, and several pages.
      for (let at = 0; at < rows.length; at += 13) {
        await Promise.all(rows.slice(at, at + 13).map((row) => log.append('acme', row)));
      }
      const idsOf = async (query: object): Promise<string[]> => {
        const found: string[] = [];
        for (let cursor: string | null = ''; cursor !== null; ) {
          const place: object = cursor === '' ? {} : { cursor };
          const page: AuditEntryPage = await auditEntries(kv, { tenant_id: 'acme', limit: 7, ...query, ...place });
          assert.ok(page.records.length <= 7);
          found.push(...page.records.map(({ request_id }) => request_id));
          cursor = page.cursor;
        }
        return found;
      };
      const newest = [...rows].reverse();
      const expected = (wanted: (row: AuditRecord) => boolean) => newest.filter(wanted).map((row) => row.request_id);
      assert.equal(
        await idsOf({}),
        expected(() => true),
      );
      assert.equal(
        await idsOf({ key: 'odd' }),
        expected(({ key }) => key === 'odd'),
      );
      assert.equal(
        await idsOf({ action: 'start_run' }),
        expected(({ action }) => action === 'start_run'),
      );
      assert.equal(
        await idsOf({ since: 100_000, key: 'even' }),
        expected(({ at, key }) => at >= 100_000 && key === 'even'),
      );
      assert.equal(await idsOf({ tenant_id: 'rival' }), []);
    });
  });

  test('is shown to admins of the tenant over HTTP, and a cursor that is none is refused', async () => {
    await withGateway(async ({ client }) => {
      const admin = await withSegments(await client('acme', 'admin'), echo);
      const { records } = (
        await admin.get<AuditEntryPage>('/api/v1/audit?action=store_segment&since=2020-01-01T00:00:00Z')
      ).json;
      assert.equal(
        records.map(({ action, name, target }) => [action, name, target]),
        [['store_segment', 'admin-key', '/api/v1/segments']],
      );
      for (const bad of [
        'x',
        Buffer.from('["audit",-1,0]').toString('base64url'),
        Buffer.from('["audit",1e99,0]').toString('base64url'),
      ]) {
        const { status, json } = await admin.get<ProblemDetails>(`/api/v1/audit?cursor=${bad}`);
        assert.equal([status, json.problems?.[0]?.path], [400, '/cursor']);
      }
      const far = Buffer.from('["audit",9007199254740991,9007199254740991]').toString('base64url');
      assert.is((await admin.get<AuditEntryPage>(`/api/v1/audit?cursor=${far}`)).json.records.length, 1);
      assert.is((await (await client('acme', 'author')).get('/api/v1/audit')).status, 403);
      assert.equal((await (await client('rival')).get<AuditEntryPage>('/api/v1/audit')).json, {
        records: [],
        cursor: null,
      });
    });
  });
});

async function lastPageOf(kv: KvStore): Promise<string> {
  return (await kv.list('audit/acme/')).at(-1)?.key ?? '';
}
