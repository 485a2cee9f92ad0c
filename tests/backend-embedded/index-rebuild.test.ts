import { catchUpIndex, rebuildIndex } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { listsOf, rebuildPorts, startRuns } from '../run-loop/listed-runs.js';
import { spec } from '../support/spec.js';
import { runChild } from './child-process.js';
import { withFolder, withStore } from './store-folder.js';

spec('rebuilding the lists of a store', (test) => {
  test(
    'a kill in the middle leaves lists that are caught up when the store is opened next',
    () =>
      withFolder(async (folder) => {
        let before: unknown;
        await withStore(folder, async (backend) => {
          await startRuns(backend, 1_300);
          await catchUpIndex(rebuildPorts(backend), 0);
          before = await listsOf(backend);
        });
        for (const changes of [1, 2]) {
          assert.equal(runChild('rebuilder', [folder, String(changes)]), { killed: true });
          await withStore(folder, async (backend) => {
            const { journal, index } = backend;
            const position = await index.position(0);
            assert.ok(position > 0 && position < (await journal.end(0)), `killed at ${position}`);
            assert.not.equal(await listsOf(backend), before);
            await catchUpIndex(rebuildPorts(backend), 0);
            assert.equal(await listsOf(backend), before);
          });
        }
        await withStore(folder, async (backend) => {
          await rebuildIndex(rebuildPorts(backend));
          assert.equal(await listsOf(backend), before);
        });
      }),
    { timeoutMs: 120_000 },
  );
});
