import { catch_up_index, rebuild_index } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { lists_of, rebuild_ports, start_runs } from '../run-loop/listed-runs.js';
import { spec } from '../support/spec.js';
import { run_child } from './child-process.js';
import { with_folder, with_store } from './store-folder.js';

spec('rebuilding the lists of a store', (test) => {
  test(
    'a kill in the middle leaves lists that are caught up when the store is opened next',
    () =>
      with_folder(async (folder) => {
        let before: unknown;
        await with_store(folder, async (backend) => {
          await start_runs(backend, 1_300);
          await catch_up_index(rebuild_ports(backend), 0);
          before = await lists_of(backend);
        });
        for (const changes of [1, 2]) {
          assert.equal(run_child('rebuilder', [folder, String(changes)]), { killed: true });
          await with_store(folder, async (backend) => {
            const { journal, index } = backend;
            const position = await index.position(0);
            assert.ok(position > 0 && position < (await journal.end(0)), `killed at ${position}`);
            assert.not.equal(await lists_of(backend), before);
            await catch_up_index(rebuild_ports(backend), 0);
            assert.equal(await lists_of(backend), before);
          });
        }
        await with_store(folder, async (backend) => {
          await rebuild_index(rebuild_ports(backend));
          assert.equal(await lists_of(backend), before);
        });
      }),
    { timeout_ms: 120_000 },
  );
});
