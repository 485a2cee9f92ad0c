import type { ApiError } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { asking, echo } from '../gateway/support/segments.js';
import { openSse } from '../gateway/support/sse-client.js';
import { spec } from '../support/spec.js';
import { withGateways } from './support/gateways.js';
import { linesOf } from './support/service.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };
const large = 'canary-'.repeat(50_000);

async function statusOf(ask: Promise<unknown>): Promise<number> {
  return ask.then(
    () => 200,
    ({ status }: ApiError) => status,
  );
}

spec('deleting a run at one gateway', (test) => {
  test(
    'deletes it at all of them within a second, and neither a restart nor a rebuilt index brings it back',
    () =>
      withGateways([echo, asking], async ({ places, key, coordinator, worker, installation }) => {
        const [one, two] = await Promise.all(places.map((place) => place.client(key)));
        assert.ok(one !== undefined && two !== undefined);
        const kept = await one.startRun('echo', { input_data: { large } }, { wait: 20 });
        const { run_id } = await one.startRun('asking');
        const [task] = await until('the task', async () => {
          const { tasks } = await two.listTasks();
          return tasks.length > 0 ? tasks : null;
        });
        await one.answerTask(task?.task_id ?? '', { decision: 'approve' });
        assert.is((await one.getRun(run_id, { wait: 20 })).status, 'completed');
        const other = await one.startRun('echo', { input_data: { large } }, { wait: 20 });
        await until('both runs in the lists', async () => (await two.listRuns()).runs.length === 3 || null);

        const stream = await openSse(await places[1].port(), run_id, key);
        await stream.ended;
        await one.deleteRun(run_id);
        await one.deleteRun(other.run_id);
        const deletedAt = Date.now();
        const seen = async (): Promise<unknown[]> => [
          await statusOf(two.getRun(run_id)),
          await statusOf(two.getTask(task?.task_id ?? '')),
          (await two.listTasks()).tasks.length,
          (await two.listRuns()).runs.map((run) => run.run_id),
        ];
        const nothing = [404, 404, 0, [kept.run_id]];
        await until(
          'the other gateway to forget',
          async () => JSON.stringify(await seen()) === JSON.stringify(nothing) || null,
        );
        assert.ok(Date.now() - deletedAt < 1_000, `${Date.now() - deletedAt} ms`);
        assert.equal((await two.getRun(kept.run_id)).output, { large });

        await one.redactRun(kept.run_id);
        const listedAt = async (client: typeof two) => (await client.listRuns()).runs[0];
        await until('the row of the redacted run', async () => (await listedAt(two))?.redacted ?? null);
        assert.equal((await two.getRun(kept.run_id)).output, null);
        assert.is((await two.getRun(kept.run_id)).status, 'completed');

        assert.is((await places[1].service.stop()).code, 0);
        const rebuilt = await installation.cli.call(['index', 'rebuild', '--nats'], {
          environment: { ...installation.environment, LLMTEAM_GATEWAY_INDEX_FILE: places[1].indexFile },
        });
        assert.is(rebuilt.code, 0, rebuilt.stderr);
        await places[1].startAnew();
        const anew = await places[1].client(key);
        assert.equal(
          (await anew.listRuns()).runs.map((run) => run.run_id),
          [kept.run_id],
        );
        assert.equal((await anew.listTasks()).tasks, []);
        assert.is((await listedAt(anew))?.redacted, true);
        for (const service of [coordinator, worker, places[0].service]) {
          const { stderr } = await service.stop();
          assert.equal(
            linesOf(stderr).filter(({ level }) => level === 'error'),
            [],
          );
        }
      }),
    patience,
  );
});
