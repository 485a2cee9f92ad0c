/**
 * Purpose: taking away the histories of runs that ended long ago, oldest first.
 * Owns: which runs may go. Walks each partition's stream from its beginning, so what it looks at is what has lain there longest.
 * Invariant: a run that has not ended, or ended too recently, keeps its whole history.
 */
import type { RunKey } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { parse_entries } from './entry-text.js';
import type { Names } from './names.js';
import { nats_error } from './nats-error.js';
import type { StreamMessage } from './stream-message.js';
import { StreamReader } from './stream-reader.js';

export interface RetentionPolicy {
  /** How long a run is kept after its end; null: for ever. */
  readonly max_age_ms: number | null;
  /** How many runs a partition keeps, if enough of them have ended; null: any number. */
  readonly max_runs: number | null;
}

/** Within one sweep, so that it never takes the server's time for long. */
const most_removals = 1_000;

/** Told the runs whose histories are about to go; they stay if it rejects. */
export type BeforeRemoval = (runs: readonly RunKey[]) => Promise<void>;
const patience_ms = 5_000;

interface RetentionParts {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly bodies: Bodies;
}

export class Retention {
  constructor(
    private readonly parts: RetentionParts,
    /** By the server's clock; epoch milliseconds. */
    private readonly now: () => number,
  ) {}

  /** Takes away what may go, up to 1,000 runs; answers how many went. @throws LlmteamError `BACKEND_UNREACHABLE` */
  async sweep(
    partition: number,
    policy: RetentionPolicy,
    signal: AbortSignal,
    before_removal: BeforeRemoval,
  ): Promise<number> {
    const { max_age_ms, max_runs } = policy;
    if (max_age_ms === null && max_runs === null) return 0;
    try {
      const excess = max_runs === null ? 0 : (await this.count_runs(partition)) - max_runs;
      const runs = await this.removable(partition, max_age_ms ?? Number.POSITIVE_INFINITY, excess, signal);
      if (runs.length > 0) await before_removal(runs);
      for (const run of runs) await this.remove(partition, run);
      return runs.length;
    } catch (error) {
      throw nats_error(`removing old runs of partition ${partition}`, error);
    }
  }

  private async removable(
    partition: number,
    max_age_ms: number,
    excess: number,
    signal: AbortSignal,
  ): Promise<readonly RunKey[]> {
    const seen = new Set<string>();
    const found: RunKey[] = [];
    for await (const message of this.oldest_first(partition, signal)) {
      const is_young = this.now() - message.stored_at <= max_age_ms;
      if ((is_young && found.length >= excess) || found.length >= most_removals) break;
      const run = this.parts.names.run_of(message.msg.subject);
      const key = `${run.tenant_id}/${run.run_id}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const ended_at = await this.ended_at(partition, run);
      if (ended_at === null) continue;
      if (this.now() - ended_at > max_age_ms || found.length < excess) found.push(run);
    }
    return found;
  }

  private async *oldest_first(partition: number, signal: AbortSignal): AsyncGenerator<StreamMessage> {
    const { connection, watch, manager, names } = this.parts;
    const stream = names.journal_stream(partition);
    const filter = names.run_level_subjects(partition);
    const reader = new StreamReader({ connection, watch, manager, stream, filter, patience_ms });
    for await (const { messages, is_end } of reader.read(1, signal)) {
      yield* messages;
      if (is_end) return;
    }
  }

  /** null: the run goes on. */
  private async ended_at(partition: number, run: RunKey): Promise<number | null> {
    const { manager, names, bodies } = this.parts;
    const last_by_subj = names.fact_subject(partition, run, 'run.ended');
    const last = await manager.streams.getMessage(names.journal_stream(partition), { last_by_subj });
    if (last === null) return null;
    const text = await bodies.unpack({ data: last.data, headers: last.header });
    const fact = parse_entries(run, last.seq, text).at(-1)?.fact;
    return fact?.type === 'run.ended' ? fact.at : null;
  }

  /** Takes a run's whole history away, whether or not it has ended. */
  async remove(partition: number, run: RunKey): Promise<void> {
    const filter = this.parts.names.history_subjects(partition, run);
    await this.parts.manager.streams.purge(this.parts.names.journal_stream(partition), { filter });
  }

  private async count_runs(partition: number): Promise<number> {
    const subjects_filter = this.parts.names.run_level_subjects(partition);
    const { state } = await this.parts.manager.streams.info(this.parts.names.journal_stream(partition), {
      subjects_filter,
    });
    return Object.keys(state.subjects ?? {}).length;
  }
}
