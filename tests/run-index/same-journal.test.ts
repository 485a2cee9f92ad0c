import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend, Fact, RunKey } from '@llmteam/contracts';
import { differenceFromJournal, IndexFeed } from '@llmteam/kernel';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { quietLogger } from '../support/quiet-logger.js';
import { playScenario } from '../support/simulation/scenarios.js';
import { spec } from '../support/spec.js';

const clock = systemClock();
const one: RunKey = { tenant_id: 'acme', run_id: 'one' };
const two: RunKey = { tenant_id: 'acme', run_id: 'two' };

const factsOf = (name: string): readonly Fact[] => playScenario(name).runs.get('run')?.facts ?? [];
const single = factsOf('single-step');
const [requested, ...others] = single as [Fact, ...Fact[]];

interface Line {
  readonly run: RunKey;
  readonly fact: Fact;
}

const lines = (run: RunKey, facts: readonly Fact[]): Line[] => facts.map((fact) => ({ run, fact }));
const later = (fact: Fact): Fact => ({ ...fact, at: fact.at + 1 });

async function withJournal(content: readonly Line[], use: (backend: Backend) => Promise<void>): Promise<void> {
  const backend = await openMemoryBackend({ clock, partitions: 1 });
  try {
    for (const [place, { run, fact }] of content.entries())
      await backend.journal.append(run, [{ message_id: `m${place}`, fact }]);
    await use(backend);
  } finally {
    await backend.close();
  }
}

/** Feeds an index, and compares it with the journal that is there afterwards. */
async function difference(
  read: readonly Line[],
  restored: readonly Line[],
  change: (backend: Backend) => Promise<void> = async () => undefined,
): Promise<string | null> {
  const found: (string | null)[] = [];
  await withJournal(read, async ({ journal, kv, index }) => {
    // As on NATS, where rows are made of run-level facts and the index stops at these.
    const onFailure = (error: unknown): never => assert.unreachable(String(error)) as never;
    const feed = new IndexFeed({ journal: runLevel(journal), kv, index, clock, log: quietLogger, onFailure });
    await feed.start();
    await feed.stop();
    await withJournal(restored, async (backend) => {
      await change(backend);
      found.push(await differenceFromJournal({ journal: runLevel(backend.journal), index }));
    });
  });
  return found[0] ?? null;
}

function runLevel(journal: Backend['journal']): Backend['journal'] {
  return altered(journal, {
    follow: async function* (partition, from, signal, options) {
      for await (const batch of journal.follow(partition, from, signal, options)) {
        const left = batch.filter(({ fact }) => options?.only === undefined || fact.type.startsWith('run.'));
        if (left.length > 0 || batch.length === 0) yield left;
      }
    },
  });
}

spec('an index and its journal', (test) => {
  test('belong together after every entry: of a run that is paused, resumed, cancelled, ended', async () => {
    for (const name of ['pause-holds-new-jobs-and-resume-goes-on', 'single-step', 'cancel-while-paused']) {
      const content = lines(one, factsOf(name));
      for (let count = 1; count <= content.length; count++)
        assert.is(await difference(content.slice(0, count), content), null, `${name}: ${count} entries`);
    }
  });

  test('do not if the journal is shorter than what was read', async () => {
    const content = lines(one, single);
    assert.match(
      (await difference(content, content.slice(0, 2))) ?? '',
      /^partition 0 ends at 2, and was read up to \d+$/,
    );
    assert.match((await difference(content, [])) ?? '', /ends at 0/);
  });

  test('do not if another run begins where one began, even after the journal has grown', async () => {
    const before = lines(one, single);
    const read = [...before, { run: two, fact: requested }];
    const restored = [...before, ...lines({ ...two, run_id: 'three' }, single)];
    assert.match((await difference(read, restored)) ?? '', /another entry at/);
  });

  test('do not if the same run began or ended at another time, or a step of it takes the place', async () => {
    const rest = [...lines(two, single), ...lines({ ...two, run_id: 'three' }, single)];
    const read = lines(one, single);
    const restored = [...lines(one, [requested, ...others.slice(0, -1), later(single.at(-1) as Fact)]), ...rest];
    assert.match((await difference(read, restored)) ?? '', /another entry at/);
    const begun = lines(one, [requested]);
    assert.match((await difference(begun, [...lines(one, [later(requested)]), ...rest])) ?? '', /another entry at/);
    const step = lines(one, [
      requested,
      ...others.slice(0, 1),
      ...others.slice(0, 1),
      ...others.slice(0, 1),
      ...others,
    ]);
    assert.match((await difference(read, [...step, ...rest])) ?? '', /another entry at/);
  });

  test('still do if the last run that was read was removed meanwhile', async () => {
    const content = [...lines(one, single), ...lines(two, single)];
    const grown = [...content, ...lines({ ...two, run_id: 'three' }, single)];
    assert.is(await difference(content, grown, ({ journal }) => journal.remove(two)), null);
    assert.is(await difference(content, content, ({ journal }) => journal.remove(two)), null);
  });
});
