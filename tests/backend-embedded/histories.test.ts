// timeout: 600
import { openSqliteBackend } from '@llmteam/backend-embedded';
import type { Backend, Entry, RunKey } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { entriesOf, message } from '../conformance/journal-samples.js';
import { listOf } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder } from './store-folder.js';

/** A fixed sequence of numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const keys: readonly RunKey[] = Array.from({ length: 60 }, (_, index) => ({
  tenant_id: index % 3 === 0 ? 'acme' : 'globex',
  run_id: `run-${index}`,
}));

/** The appends of one turn of the event loop: some entries for some runs, with an occasional duplicate. */
async function writeTurn({ journal }: Backend, random: () => number, turn: number): Promise<void> {
  const chosen = keys.filter(() => random() < 0.3);
  await Promise.all(
    chosen.map((run) => {
      const count = 1 + Math.floor(random() * 3);
      const ids = Array.from({ length: count }, (_, index) => `t${turn}-${index}`);
      if (random() < 0.1) ids.push(`t${turn - 1}-0`);
      return journal.append(
        run,
        ids.map((id) => message(id)),
      );
    }),
  );
}

/** Reads of every run match the partition, from the start and from a later position. */
async function checkRuns({ journal }: Backend, random: () => number): Promise<number> {
  const all = await entriesOf(journal, 0);
  const names = new Set(all.map((entry) => `${entry.tenant_id}/${entry.run_id}/${entry.message_id}`));
  assert.is(names.size, all.length, 'nothing is there twice');
  for (const run of keys) {
    const mine = (entry: Entry) => entry.tenant_id === run.tenant_id && entry.run_id === run.run_id;
    const after = Math.floor(random() * all.length);
    assert.equal(await listOf(journal.read(run)), all.filter(mine));
    const later = all.filter((entry) => mine(entry) && entry.position > after);
    assert.equal(await listOf(journal.read(run, after)), later);
  }
  return all.length;
}

spec('histories of many runs', (test) => {
  test(
    'are read whole, by run, whatever part of them is indexed, also after reopening',
    () =>
      withFolder(async (folder) => {
        const random = numbers(20_260_101);
        const open = () => openSqliteBackend({ folder, clock: systemClock(), synchronous: 'relaxed' });
        let backend = await open();
        for (let turn = 1; turn <= 480; turn += 1) {
          await writeTurn(backend, random, turn);
          if (turn % 80 !== 0) continue;
          await checkRuns(backend, random);
          await backend.close();
          backend = await open();
          await checkRuns(backend, random);
        }
        assert.ok((await checkRuns(backend, random)) > 12_000);
        await backend.close();
      }),
    { timeoutMs: 120_000 },
  );
});
