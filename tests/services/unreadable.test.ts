/** A message that cannot be read, in an installation and in a folder, as operators see it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { jsonOf, withCli } from '../cli/support/cli.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 120_000 };
const waiting: Segment = {
  segment_id: 'waiting',
  name: 'Waiting',
  entrypoint: 'wait',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } }],
};
const quick: Segment = {
  segment_id: 'quick',
  name: 'Quick',
  entrypoint: 'a',
  steps: [{ step_id: 'a', type: 'transform', config: { expression: 'input' } }],
};

interface Diagnosis {
  readonly checks: readonly { readonly name: string; readonly state: string; readonly message: string }[];
}

function ofJournal({ checks }: Diagnosis): string {
  return checks.flatMap(({ name, state, message }) => (name === 'journal' ? [`${state}: ${message}`] : [])).join('\n');
}

spec('a message that cannot be read, for operators', (test) => {
  test(
    'in an installation: the others go on, now and with the next coordinator; metric and doctor tell',
    () =>
      withInstallation({ environment: { LLMTEAM_NATS_PARTITIONS: '1' } }, async (installation) => {
        const coordinator = await installation.start('coordinator').ready();
        const worker = await installation.start('worker').ready();
        await installation.withClient(async (client) => {
          const victim = await client.start(waiting);
          await withRawClient(installation.server.url, async ({ publish }) => {
            await publish(`llmteam.journal.0.acme.${victim.run_id}.s`, 'this is no entry');
          });
          const first = await client.start(quick, 1);
          assert.is((await client.ended(first)).status, 'completed');
          const metric = 'llmteam_journal_unreadable_messages_total';
          await until('the metric', async () => (await coordinator.metric(metric)) === 1);
          await coordinator.stop();
          const next = await installation.start('coordinator').ready();
          const second = await client.start(quick, 2);
          assert.is((await client.ended(second)).status, 'completed');
          const ended = await installation.cli.call(['doctor', '--json'], { environment: installation.environment });
          assert.match(
            ofJournal(jsonOf<Diagnosis>(ended)),
            new RegExp(
              `^warning: position \\d+ of partition 0 cannot be read .*; given up: ${victim.run_id} of tenant acme`,
            ),
          );
          await next.stop();
        });
        await worker.stop();
      }),
    patience,
  );

  test(
    'in a folder: a damaged row concerns its run alone, doctor names it, and it can be deleted',
    () =>
      withCli(async ({ write, call, folder }) => {
        const mark = 'a-text-that-is-nowhere-else';
        const file = write('quick.json', quick);
        const victim = jsonOf(await call(['run', file, '-j', JSON.stringify(mark)])).run_id;
        const healthy = jsonOf(await call(['run', file, '-j', '1'])).run_id;
        const database = join(folder, '.llmteam', 'stores', '1', 'journal.db');
        const bytes = await readFile(database);
        for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark)) bytes.write('!', at);
        await writeFile(database, bytes);
        assert.is((await call(['runs', 'show', healthy])).code, 0);
        const shown = await call(['runs', 'show', victim]);
        assert.is(shown.code, 1);
        assert.match(shown.stderr, 'STORE_CORRUPT');
        assert.is((await call(['run', file, '-j', '2'])).code, 0);
        const told = ofJournal(jsonOf<Diagnosis>(await call(['doctor', '--json'])));
        assert.match(told, new RegExp(`^warning: position \\d+ of partition 0 cannot be read .*given up: ${victim}`));
        const deleted = await call(['runs', 'delete', victim, '--yes']);
        assert.is(deleted.code, 0, deleted.stderr);
        assert.is(ofJournal(jsonOf<Diagnosis>(await call(['doctor', '--json']))), 'ok: every message can be read');
      }),
    patience,
  );
});
