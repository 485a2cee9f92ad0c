import { isLlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { ledgerChain, withLedger } from './support/ledger.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };

spec('retention', (test) => {
  test(
    'takes away the runs that ended long enough ago, and no run that goes on',
    () =>
      withInstallation({ environment: { LLMTEAM_RETENTION_MAX_AGE_HOURS: '0.0005' } }, async (installation) => {
        withLedger(installation);
        const coordinator = await installation.start('coordinator').ready();
        await installation.start('worker').ready();
        await installation.withClient(async (client) => {
          const short = await client.start(ledgerChain(1, 1));
          const long = await client.start(ledgerChain(1, 6_000));
          await client.ended(short);
          await untilGone(() => client.runs.show(short));
          assert.is((await client.runs.show(long)).status, 'running');
          assert.is(await coordinator.metric('llmteam_coordinator_removed_runs_total'), 1);
          assert.is((await client.ended(long)).status, 'completed');
        });
      }),
    patience,
  );
});

async function untilGone(show: () => Promise<unknown>): Promise<void> {
  await until('end of the history', async () => {
    const code = await show().then(
      () => 'there',
      (error: unknown) => (isLlmteamError(error) ? error.code : String(error)),
    );
    return code === 'RUN_UNKNOWN';
  });
}
