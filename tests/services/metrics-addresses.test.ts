import * as assert from 'uvu/assert';
import { chain, delay } from '../cli/support/segments.js';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import type { Service } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };
const token = 'prometheus-4711';
const executed = /^llmteam_steps_executed_total\{.*tenant_id="acme".*\} 2$/m;

interface Reply {
  readonly status: number;
  readonly text: string;
}

async function get(url: string, authorization?: string): Promise<Reply> {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(5_000) });
  return { status: response.status, text: await response.text() };
}

async function ownAddress(service: Service): Promise<string> {
  const { port } = await service.logged('metrics with all labels are served');
  return `http://127.0.0.1:${port}`;
}

spec('metrics with the names of tenants', (test) => {
  test(
    'of a worker are for the holder of its token, and for everybody at an address of their own',
    () =>
      withInstallation({}, async (installation) => {
        withLedger(installation);
        await installation.start('coordinator').ready();
        const settings = {
          LLMTEAM_WORKER_METRICS_TOKEN: 'env:SCRAPE',
          SCRAPE: token,
          LLMTEAM_WORKER_METRICS_HTTP_PORT: '0',
        };
        const worker = await installation.start('worker', settings).ready();
        await installation.withClient(
          async (client) => void (await client.ended(await client.start(ledgerChain(2, 1)))),
        );
        const url = `${await worker.url()}/metrics`;
        for (const authorization of [undefined, 'Bearer wrong', `Basic ${token}`]) {
          const refused = await get(url, authorization);
          assert.is(refused.status, 401, String(authorization));
          assert.not.match(refused.text, /acme|steps_executed/);
        }
        const held = await get(url, `Bearer ${token}`);
        assert.is(held.status, 200);
        assert.match(held.text, executed);
        const own = await ownAddress(worker);
        assert.match((await get(`${own}/metrics`)).text, executed);
        assert.equal([(await get(`${own}/health`)).status, (await get(`${own}/ready`)).status], [200, 200]);
        assert.is((await get(`${await worker.url()}/health`)).status, 200, 'which needs no token');
        const { stderr } = await worker.stop();
        assert.not.match(stderr, token);
        await until('the end of its own address', () =>
          get(`${own}/metrics`).then(
            () => null,
            () => true,
          ),
        );
      }),
    patience,
  );

  test(
    'of a gateway are at an address of their own, and summed up at the other',
    () =>
      withInstallation({}, async (installation) => {
        const settings = { LLMTEAM_GATEWAY_METRICS_HTTP_PORT: '0' };
        await installation.start('coordinator').ready();
        const gateway = installation.start('gateway', settings);
        const { port } = await gateway.logged('the gateway serves requests');
        await installation.withClient(
          async (client) => void (await client.start(chain('resting', [delay('rest', 0.01)]))),
        );
        const started = /^llmteam_segments_started_total\{(.*)\} 1$/m;
        const own = `${await ownAddress(gateway)}/metrics`;
        const text = await until('the run in the metrics', async () => {
          const found = (await get(own)).text;
          return started.test(found) ? found : null;
        });
        assert.match(started.exec(text)?.[1] ?? '', 'tenant_id="acme"');
        const [, labels] = started.exec((await get(`http://127.0.0.1:${port}/metrics`)).text) ?? [];
        assert.not.match(labels ?? '', /tenant_id|segment_id/);
        await gateway.stop();
      }),
    patience,
  );
});
