/**
 * Purpose: removes ended runs, with their child runs, from everything that can be read, or only their data.
 * Owns: whether a run may go, and the order. Does not own: how a store removes a history; retention, which removes by age.
 * Invariants:
 *   R1 Only a run whose end is recorded goes, and only with child runs of which the same is true.
 *   R2 Child runs go first, and a history goes last: whatever interrupts a removal, repeating it completes it.
 *   R3 A removal is announced before anything goes, so no list shows a run that nobody can read.
 */
import {
  type Clock,
  type Journal,
  type KvStore,
  LlmteamError,
  type Position,
  type RunIndex,
  type RunKey,
  type RunRedacted,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { announceRedaction, announceRunRemoval, isRunRemoved } from '../run-index/removed-runs.js';
import { snapshotKey } from '../run-loop/run-snapshots.js';
import { taskKey } from '../run-loop/task-feed.js';
import { Histories } from './histories.js';
import { type EndedRun, lookAtEnd } from './run-end.js';
import { outlineOf } from './run-outline.js';

export interface RunRemovalDeps {
  /** Resolves large values. */
  readonly journal: Journal;
  readonly kv: KvStore;
  readonly index: Pick<RunIndex, 'run' | 'remove'>;
  readonly definitions: Definitions;
  readonly clock: Clock;
}

/** How long an end that is decided may take to be recorded, and a list to hear of it. */
const patienceMs = 2_000;
const pauseMs = 50;

export class RunRemoval {
  private readonly histories: Histories;

  constructor(private readonly deps: RunRemovalDeps) {
    this.histories = new Histories(deps.journal, deps.definitions);
  }

  /** Idempotent for a week. @throws LlmteamError `RUN_UNKNOWN`, `RUN_ACTIVE` */
  async remove(run: RunKey): Promise<void> {
    for (const ended of await this.endedTree(run)) await this.removeOne(ended);
  }

  /**
   * Removes the data of a run and of its child runs; their outlines stay. Idempotent.
   * @throws LlmteamError `RUN_UNKNOWN`, `RUN_ACTIVE`, or why the run cannot be evaluated here
   */
  async redact(run: RunKey, by: string): Promise<void> {
    const tree = await this.endedTree(run);
    if (tree.length === 0) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run.run_id}'`);
    for (const ended of tree) await this.redactOne(ended, by);
  }

  /** Whether a run was removed by its id within the last week. */
  wasRemoved(run: RunKey): Promise<boolean> {
    return isRunRemoved(this.deps.kv, this.deps.journal.partitionOf(run), run);
  }

  /** The run and its child runs, each before its parent; empty if the run was removed before. */
  private async endedTree(run: RunKey): Promise<readonly EndedRun[]> {
    const ended = await this.whenEnded(run);
    if (ended !== null) return this.withChildren(ended);
    if (await this.wasRemoved(run)) return [];
    throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run.run_id}'`);
  }

  private async withChildren(parent: EndedRun): Promise<readonly EndedRun[]> {
    const found: EndedRun[] = [];
    for (const runId of parent.children) {
      const child = await this.whenEnded({ tenant_id: parent.key.tenant_id, run_id: runId });
      if (child?.parent === parent.key.run_id) found.push(...(await this.withChildren(child)));
    }
    return [...found, parent];
  }

  /** Null if there is no such run. An end may be decided a moment before it is recorded. */
  private async whenEnded(key: RunKey): Promise<EndedRun | null> {
    for (let waitedMs = 0; ; waitedMs += pauseMs) {
      const seen = await lookAtEnd(this.deps, key);
      if (seen === null || seen.isRecorded) return seen;
      if (!seen.isDecided) throw new LlmteamError('RUN_ACTIVE', `run '${key.run_id}' has not ended; cancel it first`);
      if (waitedMs >= patienceMs) {
        throw new LlmteamError(
          'RUN_ACTIVE',
          `the end of run '${key.run_id}' is not recorded yet; resume it or try again`,
        );
      }
      await this.pause();
    }
  }

  private async removeOne(ended: EndedRun): Promise<void> {
    const { journal, kv, index } = this.deps;
    const { key } = ended;
    const partition = journal.partitionOf(key);
    await this.untilListed(key);
    await announceRunRemoval(kv, partition, key);
    await index.remove([key]);
    await this.deleteKeys(ended);
    await journal.remove(key);
    // Again, for whoever began to follow it in between.
    await announceRunRemoval(kv, partition, key);
  }

  /** The outline is kept before anything goes. What an interrupted call left behind is removed by the next. */
  private async redactOne(ended: EndedRun, by: string): Promise<void> {
    const { journal, kv, clock } = this.deps;
    const { key } = ended;
    await this.deleteKeys(ended);
    const position = ended.redactedAt ?? (await this.appendOutline(ended, { at: clock.now(), by }));
    await journal.remove(key, position);
    await announceRedaction(kv, journal.partitionOf(key), key);
  }

  private async appendOutline({ key, children }: EndedRun, said: { at: number; by: string }): Promise<Position> {
    const { run, events } = await this.histories.replay(key);
    const outline = outlineOf(run, await this.histories.steps(key), events);
    const fact: RunRedacted = { type: 'run.redacted', ...said, ...outline, children: [...children] };
    const [position = 0] = await this.deps.journal.append(key, [{ message_id: 'redacted', fact }]);
    return position;
  }

  private async deleteKeys({ key, tasks }: EndedRun): Promise<void> {
    const { journal, kv } = this.deps;
    const snapshot = snapshotKey(journal.partitionOf(key), key.run_id);
    const keys = [...tasks.map((taskId) => taskKey(key.tenant_id, taskId)), snapshot];
    for (const stored of keys) if ((await kv.get(stored)) !== null) await kv.delete(stored);
  }

  /** What is still on its way to the list of this process would bring the run back. */
  private async untilListed({ tenant_id, run_id }: RunKey): Promise<void> {
    for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += pauseMs) {
      const row = await this.deps.index.run(tenant_id, run_id);
      if (row === null || row.ended_at !== null) return;
      await this.pause();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => void this.deps.clock.after(pauseMs, resolve));
  }
}
