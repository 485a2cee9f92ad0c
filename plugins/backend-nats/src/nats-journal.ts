/**
 * Purpose: the journal on one stream per partition.
 * Owns: what an append is on the stream, positions, which appends are guarded. Does not own: acknowledgements, reading on.
 * Invariants:
 *   A1 One append is one message: whole or not at all, on every server.
 *   A2 An append of one fact is told apart by its message id, as long as the server knows it (`dedupe_window_ms`).
 *   A3 An append that begins a run, or holds several facts, is guarded by the end of the run's history instead: it is written only if
 *      that history is as it was when it was read. So a run begins once, however late the second request comes.
 */
import { setMaxListeners } from 'node:events';
import type { Entry, Fact, FollowOptions, Journal, NewEntry, Position, RunKey } from '@llmteam/contracts';
import { is_llmteam_error, LlmteamError } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Answer, Stored } from './acked-publisher.js';
import type { BatchingPublisher } from './batching-publisher.js';
import type { Bodies, Body } from './bodies.js';
import { closed_error } from './closed.js';
import type { ConnectionWatch } from './connection-watch.js';
import { entry_texts, join_texts, parse_entries, positions_by_id } from './entry-text.js';
import type { HeaderTable } from './message-headers.js';
import { dedupe_id, type Names } from './names.js';
import { is_wrong_last_sequence, nats_error, refusal } from './nats-error.js';
import { partition_of } from './partitions.js';
import { end_position, position_of, sequence_after } from './positions.js';
import type { StreamMessage } from './stream-message.js';
import { StreamReader } from './stream-reader.js';

export interface NatsJournalOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly partitions: number;
  /** The publisher of each partition's stream. */
  readonly publishers: readonly BatchingPublisher[];
}

/** A history as a guarded append sees it. */
interface Known {
  readonly positions: ReadonlyMap<string, Position>;
  /** Sequence of the last message on the run's run-level subject; 0: none. */
  readonly last_run_level: number;
}

const nothing_known: Known = { positions: new Map(), last_run_level: 0 };
const reading_patience_ms = 5_000;
const retry_pause_ms = 200;
const most_conflicts = 100;

export class NatsJournal implements Journal {
  readonly supports = { durable: true };
  readonly partitions: number;
  /** The last guarded append under way, by run: within a process they need not race. */
  private readonly guarded = new Map<string, Promise<unknown>>();
  private readonly closing = new AbortController();

  constructor(private readonly options: NatsJournalOptions) {
    this.partitions = options.partitions;
    // Every follower and reader listens.
    setMaxListeners(0, this.closing.signal);
  }

  partition_of(run: RunKey): number {
    return partition_of(run, this.partitions);
  }

  async append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    this.check_open();
    const [first] = entries;
    if (first === undefined) return [];
    const texts = entry_texts(run, entries);
    if (entries.length === 1 && first.fact.type !== 'run.requested') {
      return [position_of(accepted(run, await this.publish_one(run, first, texts)).seq, 0, 1)];
    }
    const ids = entries.map(({ message_id }) => message_id);
    const is_beginning = first.fact.type === 'run.requested';
    return this.in_turn(run, () => this.append_guarded(run, ids, texts, is_beginning ? nothing_known : null));
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.check_open();
    for await (const { entries } of this.history(run, sequence_after(after))) {
      for (const entry of entries) if (entry.position > after) yield entry;
    }
  }

  async *follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    { only }: FollowOptions = {},
  ): AsyncGenerator<readonly Entry[]> {
    this.check_open();
    if (signal.aborted) return;
    const { names } = this.options;
    const filter = only === 'run_level' ? names.run_level_subjects(partition) : names.partition_subjects(partition);
    const reader = this.reader(partition, filter);
    const until = this.until_closed(signal);
    let is_caught_up = false;
    for await (const { messages, has_caught_up } of reader.read(sequence_after(from), until)) {
      const entries = await this.unpack_patiently(messages, from, until);
      if (until.aborted) return;
      if (entries.length > 0) yield entries;
      if (has_caught_up && !is_caught_up) yield [];
      is_caught_up = has_caught_up;
    }
  }

  async end(partition: number): Promise<Position> {
    this.check_open();
    return end_position(await this.last_sequence(partition));
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  /** A2 */
  private publish_one(run: RunKey, { message_id, fact }: NewEntry, texts: readonly string[]): Promise<Answer> {
    return this.publish(run, fact.type, texts, { 'Nats-Msg-Id': dedupe_id(run, message_id) });
  }

  /** A3 */
  private async append_guarded(
    run: RunKey,
    ids: readonly string[],
    texts: readonly string[],
    supposed: Known | null,
  ): Promise<readonly Position[]> {
    let known = supposed ?? (await this.known(run));
    for (let conflicts = 0; conflicts < most_conflicts; conflicts++) {
      const fresh = [...new Set(ids)].filter((id) => !known.positions.has(id));
      if (fresh.length === 0) return ids.map((id) => known.positions.get(id) ?? 0);
      const fresh_texts = fresh.map((id) => texts[ids.indexOf(id)] ?? '');
      const answer = await this.publish(run, 'run.requested', fresh_texts, {
        'Nats-Expected-Last-Subject-Sequence': String(known.last_run_level),
      });
      if (!is_wrong_last_sequence(answer.error?.err_code)) {
        const { seq } = accepted(run, answer);
        const place = new Map(fresh.map((id, index) => [id, position_of(seq, index, fresh.length)]));
        return ids.map((id) => known.positions.get(id) ?? place.get(id) ?? 0);
      }
      known = await this.known(run);
    }
    throw new LlmteamError('STORE_FAILED', `append to run ${run.run_id}: others wrote each time before it could`);
  }

  private publish(run: RunKey, type: Fact['type'], texts: readonly string[], headers: HeaderTable): Promise<Answer> {
    const partition = this.partition_of(run);
    const subject = this.options.names.fact_subject(partition, run, type);
    const publisher = this.options.publishers[partition];
    if (publisher === undefined) throw new RangeError(`there is no partition ${partition}`);
    const send = ({ body, headers: reference }: Body): Promise<Answer> =>
      publisher.publish({ subject, body, headers: { ...reference, ...headers } });
    const packed = this.options.bodies.pack(join_texts(texts));
    return packed instanceof Promise ? packed.then(send) : send(packed);
  }

  private async known(run: RunKey): Promise<Known> {
    const all: Entry[] = [];
    let last_run_level = 0;
    for await (const { message, entries } of this.history(run, 1)) {
      all.push(...entries);
      if (message.msg.subject.endsWith('.r')) last_run_level = message.sequence;
    }
    return { positions: positions_by_id(all), last_run_level };
  }

  private in_turn<T>(run: RunKey, work: () => Promise<T>): Promise<T> {
    const key = `${run.tenant_id}/${run.run_id}`;
    const before = this.guarded.get(key) ?? Promise.resolve();
    const result = before.then(work, work);
    this.guarded.set(key, result);
    const forget = (): void => {
      if (this.guarded.get(key) === result) this.guarded.delete(key);
    };
    result.then(forget, forget);
    return result;
  }

  private async *history(
    run: RunKey,
    from_sequence: number,
  ): AsyncGenerator<{ readonly message: StreamMessage; readonly entries: readonly Entry[] }> {
    const partition = this.partition_of(run);
    const filter = this.options.names.history_subjects(partition, run);
    const reader = this.reader(partition, filter, reading_patience_ms);
    for await (const { messages, is_end } of reader.read(from_sequence, this.closing.signal)) {
      for (const message of messages) yield { message, entries: await this.unpack(message) };
      if (is_end) return;
    }
    this.check_open();
  }

  private reader(partition: number, filter: string, patience_ms?: number): StreamReader {
    const { connection, watch, manager, names } = this.options;
    const stream = names.journal_stream(partition);
    const source = { connection, watch, manager, stream, filter };
    return new StreamReader(patience_ms === undefined ? source : { ...source, patience_ms });
  }

  /** A large value that cannot be had now is waited for, as the next message is. */
  private async unpack_patiently(
    messages: readonly StreamMessage[],
    after: Position,
    until: AbortSignal,
  ): Promise<Entry[]> {
    for (;;) {
      try {
        return await this.unpack_all(messages, after);
      } catch (error) {
        if (until.aborted) return [];
        if (!is_llmteam_error(error) || error.code !== 'BACKEND_UNREACHABLE') throw error;
        await this.options.watch.pause(retry_pause_ms);
      }
    }
  }

  private async unpack_all(messages: readonly StreamMessage[], after: Position): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const message of messages) {
      const unpacked = this.unpack(message);
      for (const entry of unpacked instanceof Promise ? await unpacked : unpacked) {
        if (entry.position > after) entries.push(entry);
      }
    }
    return entries;
  }

  private unpack(message: StreamMessage): readonly Entry[] | Promise<readonly Entry[]> {
    const { msg, sequence } = message;
    const text = this.options.bodies.unpack(message);
    const run = this.options.names.run_of(msg.subject);
    if (typeof text === 'string') return parse_entries(run, sequence, text);
    return text.then((loaded) => parse_entries(run, sequence, loaded));
  }

  private async last_sequence(partition: number): Promise<number> {
    const stream = this.options.names.journal_stream(partition);
    try {
      return (await this.options.manager.streams.info(stream)).state.last_seq;
    } catch (error) {
      throw nats_error(`asking for the end of ${stream}`, error);
    }
  }

  private until_closed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closing.signal]);
  }

  private check_open(): void {
    if (this.closing.signal.aborted) throw closed_error('journal');
  }
}

function accepted(run: RunKey, answer: Answer): Stored {
  if (answer.error === undefined) return answer;
  throw refusal(`append to run ${run.run_id}`, answer.error);
}
