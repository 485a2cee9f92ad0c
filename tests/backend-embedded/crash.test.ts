// timeout: 600
// takes: 45
import type { Backend } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { entriesOf } from '../conformance/journal-samples.js';
import { listOf } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { startChild } from './child-process.js';
import { withFolder, withStore } from './store-folder.js';

interface Acknowledged {
  readonly run_id?: string;
  readonly ids?: readonly string[];
  readonly positions?: readonly number[];
  readonly revision?: number;
  readonly hash?: string;
  readonly position?: number;
}

/** Kills a writer after `count` reported acknowledgements; returns all that it reported. */
async function writeAndKill(folder: string, mode: string, name: string, count: number): Promise<Acknowledged[]> {
  const writer = startChild('writer', [folder, mode, name]);
  const acknowledged: Acknowledged[] = [];
  let killed: Promise<void> | undefined;
  for await (const told of writer.told) {
    acknowledged.push(told as Acknowledged);
    if (acknowledged.length >= count) killed ??= writer.kill();
  }
  await killed;
  return acknowledged;
}

async function checkJournal({ journal }: Backend, acknowledged: readonly Acknowledged[]): Promise<void> {
  const entries = await entriesOf(journal, 0);
  assert.equal(
    entries.map((entry) => entry.position),
    entries.map((_, index) => index + 1),
  );
  const names = new Set(entries.map((entry) => `${entry.run_id} ${entry.message_id}`));
  assert.is(names.size, entries.length, 'nothing is there twice');
  for (const { run_id, ids = [], positions = [] } of acknowledged) {
    ids.forEach((id, index) => {
      const entry = entries[(positions[index] ?? 0) - 1];
      assert.equal([entry?.run_id, entry?.message_id], [run_id, id]);
    });
  }
  for (let writer = 0; writer < 8; writer += 1) {
    const run = { tenant_id: 'acme', run_id: `run-${writer}` };
    assert.equal(
      await listOf(journal.read(run)),
      entries.filter((entry) => entry.run_id === run.run_id),
    );
  }
  const halves = entries.filter((entry) => entry.message_id.endsWith('-a')).length;
  assert.is(halves * 2, entries.length, 'appends are there whole');
}

async function checkOthers({ kv, blobs, index }: Backend, acknowledged: readonly Acknowledged[]): Promise<void> {
  for (const { hash, revision, position } of acknowledged) {
    if (hash === undefined || revision === undefined || position === undefined) continue;
    assert.ok((await blobs.get(hash)).length > 0);
    assert.ok(((await kv.get('count'))?.revision ?? 0) >= revision);
    assert.ok((await index.position(0)) >= position);
  }
}

async function survives(mode: 'full' | 'relaxed', rounds: number): Promise<void> {
  await withFolder(async (folder) => {
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < rounds; round += 1) {
      // From just after the start to the middle of a checkpoint.
      const told = await writeAndKill(folder, mode, `r${round}`, 1 + round * 40);
      assert.ok(told.length > round * 40);
      acknowledged.push(...told);
      await withStore(folder, async (backend) => {
        await checkJournal(backend, acknowledged);
        await checkOthers(backend, told);
      });
    }
    assert.ok(
      acknowledged.some((told) => told.hash !== undefined),
      'the other ports wrote, too',
    );
  });
}

spec('a store whose process is killed', (test) => {
  const options = { timeoutMs: 300_000 };
  test('has every acknowledged write, 20 times', () => survives('full', 20), options);
  test('has every acknowledged write when relaxed, 8 times', () => survives('relaxed', 8), options);
});
