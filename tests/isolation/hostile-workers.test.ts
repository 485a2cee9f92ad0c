// timeout: 600
// takes: 50
/** The table of docs/isolation.md on a worker of an installation on NATS: all rows at once, in all modes. */
import * as assert from 'uvu/assert';
import { withInstallation } from '../services/support/installation.js';
import { spec } from '../support/spec.js';
import {
  assertEnds,
  assertNoSecrets,
  hostileEnvironment,
  hostileInput,
  hostileSegment,
  writeHostile,
} from './support/hostile-scene.js';

spec('the table of isolation on workers', (test) => {
  test(
    'holds on a worker, which goes on and stops well; no secret is in its log or in the history',
    () =>
      withInstallation({ environment: { ...hostileEnvironment } }, async (installation) => {
        installation.cli.write('llmteam.config.json', writeHostile(installation.cli.folder));
        const coordinator = await installation.start('coordinator').ready();
        const worker = await installation.start('worker').ready();
        await installation.withClient(async (client) => {
          const key = await client.start(hostileSegment(), hostileInput);
          const view = await client.ended(key, 270_000);
          assertEnds(view);
          const history: unknown[] = [];
          for await (const entry of client.backend.journal.read(key)) history.push(entry);
          const stopped = await worker.stop();
          assert.is(stopped.code, 0);
          const { stdout, stderr } = stopped;
          const other = await coordinator.stop();
          assertNoSecrets({ history: JSON.stringify(history), stdout, stderr, coordinator: other.stderr });
        });
      }),
    { timeoutMs: 290_000 },
  );
});
