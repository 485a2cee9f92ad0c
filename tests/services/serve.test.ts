import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { linesOf } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };

/** Three steps, a branch and a short delay. */
const mixed: Segment = {
  segment_id: 'mixed',
  name: 'Mixed',
  entrypoint: 'double',
  steps: [
    { step_id: 'double', type: 'transform', config: { expression: 'input.n * 2' } },
    { step_id: 'wait', type: 'delay', config: { seconds: 0.2 } },
    { step_id: 'last', type: 'transform', config: { expression: 'input + 1' } },
  ],
  edges: [
    { from: 'double', to: 'wait' },
    { from: 'wait', to: 'last' },
  ],
};

spec('services', (test) => {
  test(
    'a coordinator and a worker run what is asked for, say that they are ready, and count what they did',
    () =>
      withInstallation({}, async (installation) => {
        const coordinator = installation.start('coordinator');
        const worker = installation.start('worker');
        await coordinator.ready();
        await worker.ready();
        await installation.withClient(async (client) => {
          const run = await client.start(mixed, { n: 20 });
          const view = await client.ended(run);
          assert.is(view.status, 'completed');
          assert.is(view.output, 41);
        });
        assert.is(await coordinator.metric('llmteam_coordinator_owned_partitions'), 4);
        assert.is(await coordinator.metric('llmteam_coordinator_takeovers_total'), 4);
        assert.is(
          await until('end of all runs', async () => (await coordinator.metric('llmteam_coordinator_live_runs')) === 0),
          true,
        );
        assert.ok((await coordinator.metric('llmteam_coordinator_appended_facts_total')) >= 2, 'the timer and the end');
        assert.is(await worker.metric('llmteam_worker_jobs_total', 'outcome="completed"'), 2);
        assert.is(await worker.metric('llmteam_worker_jobs_running'), 0);
        for (const service of [coordinator, worker]) {
          assert.equal(await service.get('/health'), { status: 200, text: '{"status":"alive"}\n' });
          const { code, stdout, stderr } = await service.stop();
          assert.is(code, 0, stderr);
          assert.is(stdout, '');
          assert.equal(
            linesOf(stderr).filter(({ level }) => level === 'error' || level === 'warn'),
            [],
            stderr,
          );
        }
      }),
    patience,
  );
});
