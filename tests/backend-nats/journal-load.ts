/**
 * Purpose: runs writers and followers on a journal during faults and checks the result.
 * Each writer has its own history, awaits every append, and retries it with the same message ids until it is acknowledged.
 * Invariants checked:
 *   every acknowledged append is in the history once, in the writer's order, at the acknowledged position;
 *   every follower has seen the same entries, in ascending position order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import {
  type Entry,
  isLlmteamError,
  type Journal,
  type NewEntry,
  type Position,
  type RunKey,
} from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { entry, requested } from './open-backend.js';

interface Kept {
  readonly run_id: string;
  readonly message_id: string;
  readonly position: Position;
}

const pauseMs = 20;

export class JournalLoad {
  readonly counts = { appends: 0, retries: 0, runs: 0, guarded: 0 };
  private readonly kept: Kept[] = [];
  private readonly ownRuns: RunKey[] = [];
  private readonly stopped = new AbortController();
  private readonly writing: Promise<void>[] = [];
  private readonly followers: Follower[] = [];

  constructor(
    private readonly journal: Journal,
    writers: number,
  ) {
    for (let each = 0; each < writers; each++) this.writing.push(this.write(`w${each}`));
    for (const done of this.writing) done.catch(() => undefined);
  }

  /** Adds a follower of all partitions, from the beginning. */
  follow(journal = this.journal): void {
    for (let partition = 0; partition < journal.partitions; partition++) {
      this.followers.push(new Follower(journal, partition));
    }
  }

  /** Resolves once this many more appends have been acknowledged. */
  async progress(appends: number): Promise<void> {
    const goal = this.counts.appends + appends;
    while (this.counts.appends < goal) await Promise.race([sleep(2), this.broken()]);
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.writing);
  }

  /** Call after `stop`. */
  async check(): Promise<void> {
    this.follow();
    const all: Entry[] = [];
    for (let partition = 0; partition < this.journal.partitions; partition++) {
      const entries = await allOf(this.journal, partition);
      for (const follower of this.followers) await follower.check(partition, entries);
      all.push(...entries);
    }
    assert.equal(byRun(all), byRun(this.kept), 'what is there is what was acknowledged, once and in order');
    for (const own of this.ownRuns) {
      const read = await listOf(this.journal.read(own));
      assert.equal(byRun(read), byRun(this.kept.filter(({ run_id }) => run_id === own.run_id)));
    }
  }

  async end(): Promise<void> {
    this.stopped.abort();
    for (const follower of this.followers) await follower.stop();
    await Promise.allSettled(this.writing);
  }

  private async broken(): Promise<never> {
    await Promise.all(this.writing);
    throw new Error('the writers have stopped');
  }

  private async write(name: string): Promise<void> {
    const own = { tenant_id: 'acme', run_id: name };
    this.ownRuns.push(own);
    for (let place = 0; !this.stopped.signal.aborted; place++) {
      const id = `${name}-${place}`;
      if (place % 8 === 3) {
        await this.append({ tenant_id: 'acme', run_id: id }, [requested(place)]);
        this.counts.runs += 1;
      } else if (place % 8 === 6) {
        await this.append(own, [entry(`${id}-a`), entry(`${id}-b`)]);
        this.counts.guarded += 1;
      } else {
        await this.append(own, [entry(id)]);
      }
    }
  }

  private async append(run: RunKey, entries: readonly NewEntry[]): Promise<void> {
    for (;;) {
      try {
        const positions = await this.journal.append(run, entries);
        this.counts.appends += 1;
        for (const [index, { message_id }] of entries.entries()) {
          this.kept.push({ run_id: run.run_id, message_id, position: positions[index] ?? 0 });
        }
        return;
      } catch (error) {
        if (!isLlmteamError(error) || !error.recoverable) throw error;
        this.counts.retries += 1;
        await sleep(pauseMs);
      }
    }
  }
}

class Follower {
  private readonly seen: Entry[] = [];
  private readonly stopped = new AbortController();
  private readonly following: Promise<void>;

  constructor(
    journal: Journal,
    private readonly partition: number,
  ) {
    this.following = this.follow(journal);
    this.following.catch(() => undefined);
  }

  /** Waits until it has seen as many entries, and compares. */
  async check(partition: number, all: readonly Entry[]): Promise<void> {
    if (partition !== this.partition) return;
    const end = all.at(-1)?.position ?? 0;
    while ((this.seen.at(-1)?.position ?? 0) < end) await Promise.race([sleep(2), this.following]);
    assert.is(this.seen.length, all.length, 'every follower has seen as much');
    let before = 0;
    for (const [place, { position, message_id }] of this.seen.entries()) {
      assert.ok(position > before, `${message_id} is at ${position}, after ${before}`);
      assert.is(message_id, all[place]?.message_id);
      assert.is(position, all[place]?.position);
      before = position;
    }
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.following.catch(() => undefined);
  }

  private async follow(journal: Journal): Promise<void> {
    for await (const batch of journal.follow(this.partition, 0, this.stopped.signal)) this.seen.push(...batch);
  }
}

/** The current entries of the partition. */
async function allOf(journal: Journal, partition: number): Promise<Entry[]> {
  const all: Entry[] = [];
  const enough = new AbortController();
  for await (const batch of journal.follow(partition, 0, enough.signal)) {
    if (batch.length === 0) break;
    all.push(...batch);
  }
  enough.abort();
  return all;
}

/** By run: `message_id at position`, in order. */
function byRun(entries: readonly Kept[]): Map<string, string[]> {
  const runs = new Map<string, string[]>();
  for (const { run_id, message_id, position } of entries) {
    runs.set(run_id, [...(runs.get(run_id) ?? []), `${message_id} at ${position}`]);
  }
  return new Map([...runs].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Runs the load while `faults` disturbs it, then checks; prints what `faults` returns. */
export async function underLoad(
  backend: NatsBackend,
  writers: number,
  faults: (load: JournalLoad) => Promise<string>,
): Promise<void> {
  const load = new JournalLoad(backend.journal, writers);
  try {
    load.follow();
    const done = await faults(load);
    await load.stop();
    await load.check();
    const { appends, retries, runs, guarded } = load.counts;
    process.stderr.write(`${done}; ${appends} appends (${runs} runs begun, ${guarded} guarded), ${retries} retries\n`);
  } finally {
    await load.end();
  }
}
