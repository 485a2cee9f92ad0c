/**
 * Purpose: removes the histories of runs that ended long ago, oldest first.
 * Owns: which runs may be removed. Scans each partition's stream from its beginning, where the oldest runs are.
 * Invariant: a run that has not ended, or ended too recently, keeps its whole history.
 */
import {
  type Fact,
  isLlmteamError,
  type Retention,
  type RetentionPolicy,
  type RunKey,
  type RunView,
} from '@llmteam/contracts';
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { parseEntries } from './entry-text.js';
import { purgeHistory } from './history-purge.js';
import type { Names } from './names.js';
import { natsError } from './nats-error.js';
import type { StreamMessage } from './stream-message.js';
import { StreamReader } from './stream-reader.js';

/** Maximum per sweep, to bound the load on the server. */
const maxRemovals = 1_000;

const patienceMs = 5_000;

interface RetentionParts {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly bodies: Bodies;
}

export class NatsRetention implements Retention {
  constructor(
    private readonly parts: RetentionParts,
    /** The server's time, in epoch milliseconds. */
    private readonly now: () => number,
  ) {}

  /** Removes up to 1,000 runs; returns how many were removed. @throws LlmteamError `BACKEND_UNREACHABLE` */
  async sweep(
    partition: number,
    policy: RetentionPolicy,
    signal: AbortSignal,
    beforeRemoval: (runs: readonly RunKey[]) => Promise<void>,
  ): Promise<number> {
    const { maxAgeMs, maxRuns } = policy;
    if (maxAgeMs === null && maxRuns === null) return 0;
    try {
      const excess = maxRuns === null ? 0 : (await this.countRuns(partition)) - maxRuns;
      const runs = await this.removable(partition, maxAgeMs ?? Number.POSITIVE_INFINITY, excess, signal);
      if (runs.length > 0) await beforeRemoval(runs);
      for (const run of runs) await this.remove(partition, run);
      return runs.length;
    } catch (error) {
      throw natsError(`removing old runs of partition ${partition}`, error);
    }
  }

  private async removable(
    partition: number,
    maxAgeMs: number,
    excess: number,
    signal: AbortSignal,
  ): Promise<readonly RunKey[]> {
    const seen = new Set<string>();
    const found: RunKey[] = [];
    for await (const message of this.oldestFirst(partition, signal)) {
      const isYoung = this.now() - message.storedAt <= maxAgeMs;
      if ((isYoung && found.length >= excess) || found.length >= maxRemovals) break;
      const run = this.parts.names.runOf(message.msg.subject);
      if (run === null) continue;
      const key = `${run.tenant_id}/${run.run_id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const endedAt = await this.endedAt(partition, run);
      if (endedAt === null) continue;
      if (this.now() - endedAt > maxAgeMs || found.length < excess) found.push(run);
    }
    return found;
  }

  private async *oldestFirst(partition: number, signal: AbortSignal): AsyncGenerator<StreamMessage> {
    const { connection, watch, manager, names } = this.parts;
    const stream = names.journalStream(partition);
    const filter = names.runLevelSubjects(partition);
    const reader = new StreamReader({ connection, watch, manager, stream, filter, patienceMs });
    for await (const { messages, isEnd } of reader.read(1, signal)) {
      yield* messages;
      if (isEnd) return;
    }
  }

  /** Null if the run has not ended, or that cannot be read: such a run is kept until somebody removes it by its id. */
  private async endedAt(partition: number, run: RunKey): Promise<number | null> {
    const { manager, names } = this.parts;
    const lastBySubj = names.factSubject(partition, run, 'run.ended');
    const last = await manager.streams.getMessage(names.journalStream(partition), { last_by_subj: lastBySubj });
    if (last === null) return null;
    const at = endOf(await this.lastFact(run, last));
    return Number.isFinite(at) ? at : null;
  }

  private async lastFact(run: RunKey, { data, header, seq }: StoredMsg): Promise<Fact | undefined> {
    try {
      return parseEntries(run, seq, await this.parts.bodies.unpack({ data, headers: header })).at(-1)?.fact;
    } catch (error) {
      if (isLlmteamError(error) && error.code !== 'STORE_CORRUPT' && error.code !== 'BLOB_MISSING') throw error;
      return undefined;
    }
  }

  /** Removes a run's whole history, whether or not it has ended. */
  remove(partition: number, run: RunKey): Promise<void> {
    return purgeHistory(this.parts, partition, run);
  }

  private async countRuns(partition: number): Promise<number> {
    const subjectsFilter = this.parts.names.runLevelSubjects(partition);
    const { state } = await this.parts.manager.streams.info(this.parts.names.journalStream(partition), {
      subjects_filter: subjectsFilter,
    });
    return Object.keys(state.subjects ?? {}).length;
  }
}

/** When the fact says that its run ended; not a number if it does not. */
function endOf(fact: Fact | undefined): number {
  if (fact?.type === 'run.ended') return fact.at;
  if (fact?.type !== 'run.redacted') return Number.NaN;
  const { completed_at, started_at }: Partial<RunView> = fact.view ?? {};
  return Date.parse(completed_at ?? started_at ?? '');
}
