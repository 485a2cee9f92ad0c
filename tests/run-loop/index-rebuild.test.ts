import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend, Logger } from '@llmteam/contracts';
import { catchUpIndex, type RebuildProgress, rebuildIndex, StepCatalog, UnreadRuns } from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { listsOf, rebuildPorts, startRuns } from './listed-runs.js';

const count = 1_300;

/** Runs whose index matches the journal. */
async function withRuns(partitions: number, use: (backend: Backend) => Promise<void>): Promise<void> {
  const backend = await openMemoryBackend({ clock: manualClock(Date.UTC(2026, 0, 1)), partitions });
  try {
    await startRuns(backend, count);
    for (let partition = 0; partition < partitions; partition++) await catchUpIndex(rebuildPorts(backend), partition);
    await use(backend);
  } finally {
    await backend.close();
  }
}

spec('rebuilding the lists', (test) => {
  for (const partitions of [1, 4]) {
    test(`gives the lists as they were, whatever had become of them, on ${partitions} partitions`, () =>
      withRuns(partitions, async (backend) => {
        const before = await listsOf(backend);
        assert.is(before.runs.length, count);
        const [run] = before.runs;
        const [task] = before.tasks;
        assert.ok(run !== undefined && task !== undefined);
        const damage = {
          runs: [
            { ...run, status: 'failed' as const },
            { ...run, run_id: 'never-was' },
          ],
          tasks: [
            { ...task, status: 'closed' as const },
            { ...task, task_id: 'never-was:x' },
          ],
        };
        await backend.index.apply([{ partition: 0, position: 1_000_000, ...damage }]);
        assert.not.equal(await listsOf(backend), before);
        const progress: RebuildProgress[] = [];
        const { runs, tasks } = await rebuildIndex(rebuildPorts(backend), (step) => progress.push(step));
        assert.equal(await listsOf(backend), before);
        assert.equal([runs, tasks], [before.runs.length, before.tasks.length], 'each is counted once');
        const done = progress.map((step) => step.done);
        assert.equal(
          done,
          [...done].sort((a, b) => a - b),
        );
        assert.ok(done.length >= partitions && done.at(-1) === 1);
      }));
  }

  test('runs whose step types are missing are listed without their tasks, and told of in one line', () =>
    withRuns(1, async (backend) => {
      const before = await listsOf(backend);
      const warnings: [object, string | undefined][] = [];
      const log: Logger = { ...quietLogger, warn: (fields, message) => warnings.push([fields, message]) };
      const made = await rebuildIndex({ ...rebuildPorts(backend, new StepCatalog()), log });
      assert.equal([made.runs, made.tasks], [count, 0]);
      const { runs, tasks } = await listsOf(backend);
      assert.equal([runs.length, tasks], [count, []]);
      assert.is(warnings.length, 1);
      const [[fields, message] = []] = warnings;
      assert.is((fields as { runs: number }).runs, count);
      assert.match(String(message), /nor can those of 1299 other runs: listed without tasks$/);
      await rebuildIndex(rebuildPorts(backend));
      assert.equal(await listsOf(backend), before);
    }));

  test('those of several stores are told of in one line, once', async () => {
    const unread = new UnreadRuns();
    const warnings: object[] = [];
    const log: Logger = { ...quietLogger, warn: (fields) => warnings.push(fields) };
    for (const runs of [1, 2]) {
      const backend = await openMemoryBackend({ clock: manualClock(Date.UTC(2026, 0, runs)) });
      await startRuns(backend, runs);
      await catchUpIndex({ ...rebuildPorts(backend, new StepCatalog()), log, unread }, 0);
      await backend.close();
    }
    assert.equal(warnings, []);
    unread.tell(log);
    unread.tell(log);
    assert.equal(
      warnings.map((fields) => (fields as { runs: number }).runs),
      [2],
    );
  });

  test('an empty journal gives empty lists', async () => {
    const backend = await openMemoryBackend({ clock: manualClock(Date.UTC(2026, 0, 1)) });
    assert.equal(await rebuildIndex(rebuildPorts(backend)), { runs: 0, tasks: 0, done: 1 });
    await backend.close();
  });
});
