import type { RunKey } from '@llmteam/contracts';
import { installationSurroundings } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Client, withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };

async function reasonsOf({ backend, runs }: Client, run: RunKey): Promise<string> {
  const { reasons } = await runs.explain(run, await installationSurroundings(backend, run));
  return reasons.map(({ reason }) => reason).join(', ');
}

spec('the explanation of a run of an installation', (test) => {
  test(
    'knows which coordinators and workers live',
    () =>
      withInstallation({}, async (installation) => {
        withLedger(installation);
        const announcing = await installation.start('worker').ready();
        await announcing.stop();
        await installation.withClient(async (client) => {
          const run = await client.start(ledgerChain(1, 60_000));
          assert.is(await reasonsOf(client, run), 'not_driven, no_worker');
          await installation.start('coordinator').ready();
          await until('a coordinator', async () => (await reasonsOf(client, run)) === 'no_worker' || null);
          const worker = await installation.start('worker').ready();
          await until('the attempt', async () => (await reasonsOf(client, run)) === 'running' || null);
          worker.signal('SIGKILL');
          await until('its loss', async () => (await reasonsOf(client, run)) === 'worker_lost' || null, 30_000);
        });
      }),
    patience,
  );
});
