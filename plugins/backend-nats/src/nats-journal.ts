/**
 * Purpose: the journal, with one stream per partition.
 * Owns: how an append is stored, positions, which appends are guarded. Does not own: acknowledgements, following the stream.
 * Invariants:
 *   A1 One append is one message: stored completely or not at all, on every server.
 *   A2 An append of one fact is deduplicated by its message id within the server's window (`dedupeWindowMs`).
 *   A3 An append that begins a run, or contains several facts, is guarded by optimistic concurrency instead: it is stored only if
 *      the run's history has not changed since it was read. So a run begins once, however late the second request arrives.
 */
import { setMaxListeners } from 'node:events';
import {
  closedError,
  type Entry,
  type Fact,
  type FollowOptions,
  isLlmteamError,
  type Journal,
  LlmteamError,
  type NewEntry,
  type Position,
  type RunKey,
  readableParts,
  type UnreadableMessage,
} from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Answer, Stored } from './acked-publisher.js';
import type { BatchingPublisher } from './batching-publisher.js';
import type { Bodies, Body } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { entryTexts, joinTexts, parseEntries, positionsById } from './entry-text.js';
import { purgeHistory } from './history-purge.js';
import type { HeaderTable } from './message-headers.js';
import { dedupeId, type Names } from './names.js';
import { isWrongLastSequence, natsError, refusal } from './nats-error.js';
import { partitionOf } from './partitions.js';
import { endPosition, positionOf, sequenceAfter } from './positions.js';
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

/** The state of a history that a guarded append is based on. */
interface Known {
  readonly positions: ReadonlyMap<string, Position>;
  /** Sequence of the last message on the run's run-level subject; 0 if there is none. */
  readonly lastRunLevel: number;
}

/** What a message holds, or that it cannot be read. */
type Item = Entry | UnreadableMessage;

const emptyHistory: Known = { positions: new Map(), lastRunLevel: 0 };
const readingPatienceMs = 5_000;
const retryPauseMs = 200;
const maxConflicts = 100;

export class NatsJournal implements Journal {
  readonly supports = { durable: true };
  readonly partitions: number;
  /** The latest guarded append of each run: within a process they are serialized instead of racing. */
  private readonly guarded = new Map<string, Promise<unknown>>();
  private readonly closing = new AbortController();

  constructor(private readonly options: NatsJournalOptions) {
    this.partitions = options.partitions;
    // One listener per follower and reader.
    setMaxListeners(0, this.closing.signal);
  }

  partitionOf(run: RunKey): number {
    return partitionOf(run, this.partitions);
  }

  async append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]> {
    this.checkOpen();
    const [first] = entries;
    if (first === undefined) return [];
    const texts = entryTexts(run, entries);
    if (entries.length === 1 && first.fact.type !== 'run.requested') {
      return [positionOf(accepted(run, await this.publishOne(run, first, texts)).seq, 0, 1)];
    }
    const ids = entries.map(({ message_id }) => message_id);
    const isBeginning = first.fact.type === 'run.requested';
    return this.inTurn(run, () => this.appendGuarded(run, ids, texts, isBeginning ? emptyHistory : null));
  }

  async *read(run: RunKey, after: Position = 0): AsyncGenerator<Entry> {
    this.checkOpen();
    for await (const { items } of this.history(run, sequenceAfter(after))) {
      for (const item of items) {
        if (item.position <= after) continue;
        if ('fact' in item) yield item;
        else throw unreadableIn(run, item);
      }
    }
  }

  async *follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    { only, unreadable }: FollowOptions = {},
  ): AsyncGenerator<readonly Entry[]> {
    this.checkOpen();
    if (signal.aborted) return;
    const { names } = this.options;
    const filter = only === 'run_level' ? names.runLevelSubjects(partition) : names.partitionSubjects(partition);
    const reader = this.reader(partition, filter);
    const until = this.untilClosed(signal);
    let isCaughtUp = false;
    for await (const { messages, hasCaughtUp } of reader.read(sequenceAfter(from), until)) {
      const items = await this.unpackPatiently(messages, partition, until);
      if (until.aborted) return;
      yield* readableParts(from === 0 ? items : items.filter(({ position }) => position > from), unreadable);
      if (hasCaughtUp && !isCaughtUp) yield [];
      isCaughtUp = hasCaughtUp;
    }
  }

  async end(partition: number): Promise<Position> {
    this.checkOpen();
    return endPosition(await this.lastSequence(partition));
  }

  async remove(run: RunKey, before?: Position): Promise<void> {
    this.checkOpen();
    const partition = this.partitionOf(run);
    try {
      const hashes = await this.blobsOf(run, before);
      await this.options.watch.ask(() => purgeHistory(this.options, partition, run, before));
      // Last, because a message without its blob would stop whoever follows the partition.
      for (const hash of hashes) await this.options.bodies.remove(hash);
    } catch (error) {
      this.checkOpen();
      throw natsError(`removing the history of run ${run.run_id}`, error);
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  /** A2 */
  private publishOne(run: RunKey, { message_id, fact }: NewEntry, texts: readonly string[]): Promise<Answer> {
    return this.publish(run, fact.type, texts, { 'Nats-Msg-Id': dedupeId(run, message_id) });
  }

  /** A3 */
  private async appendGuarded(
    run: RunKey,
    ids: readonly string[],
    texts: readonly string[],
    supposed: Known | null,
  ): Promise<readonly Position[]> {
    let known = supposed ?? (await this.known(run));
    for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
      const fresh = [...new Set(ids)].filter((id) => !known.positions.has(id));
      if (fresh.length === 0) return ids.map((id) => known.positions.get(id) ?? 0);
      const freshTexts = fresh.map((id) => texts[ids.indexOf(id)] ?? '');
      const answer = await this.publish(run, 'run.requested', freshTexts, {
        'Nats-Expected-Last-Subject-Sequence': String(known.lastRunLevel),
      });
      if (!isWrongLastSequence(answer.error?.err_code)) {
        const { seq } = accepted(run, answer);
        const place = new Map(fresh.map((id, index) => [id, positionOf(seq, index, fresh.length)]));
        return ids.map((id) => known.positions.get(id) ?? place.get(id) ?? 0);
      }
      known = await this.known(run);
    }
    throw new LlmteamError('STORE_FAILED', `append to run ${run.run_id}: too many conflicts with concurrent writers`);
  }

  private publish(run: RunKey, type: Fact['type'], texts: readonly string[], headers: HeaderTable): Promise<Answer> {
    const partition = this.partitionOf(run);
    const subject = this.options.names.factSubject(partition, run, type);
    const publisher = this.options.publishers[partition];
    if (publisher === undefined) throw new RangeError(`there is no partition ${partition}`);
    const send = ({ body, headers: reference }: Body): Promise<Answer> =>
      publisher.publish({ subject, body, headers: { ...reference, ...headers } });
    const packed = this.options.bodies.pack(joinTexts(texts), run);
    return packed instanceof Promise ? packed.then(send) : send(packed);
  }

  private async known(run: RunKey): Promise<Known> {
    const all: Entry[] = [];
    let lastRunLevel = 0;
    for await (const { message, items } of this.history(run, 1)) {
      for (const item of items) if ('fact' in item) all.push(item);
      if (message.msg.subject.endsWith('.r')) lastRunLevel = message.sequence;
    }
    return { positions: positionsById(all), lastRunLevel };
  }

  private inTurn<T>(run: RunKey, work: () => Promise<T>): Promise<T> {
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
    fromSequence: number,
  ): AsyncGenerator<{ readonly message: StreamMessage; readonly items: readonly Item[] }> {
    const partition = this.partitionOf(run);
    const filter = this.options.names.historySubjects(partition, run);
    const reader = this.reader(partition, filter, readingPatienceMs);
    for await (const { messages, isEnd } of reader.read(fromSequence, this.closing.signal)) {
      for (const message of messages) yield { message, items: await this.itemsOf(message, partition) };
      if (isEnd) return;
    }
    this.checkOpen();
  }

  /** The blobs that hold messages of a run; they belong to nobody else. */
  private async blobsOf(run: RunKey, before: Position = Number.POSITIVE_INFINITY): Promise<readonly string[]> {
    const partition = this.partitionOf(run);
    const filter = this.options.names.historySubjects(partition, run);
    const hashes: string[] = [];
    for await (const { messages, isEnd } of this.reader(partition, filter, readingPatienceMs).read(
      1,
      this.closing.signal,
    )) {
      for (const message of messages) {
        const hash = endPosition(message.sequence) < before ? this.options.bodies.hashOf(message) : null;
        if (hash !== null) hashes.push(hash);
      }
      if (isEnd) break;
    }
    return hashes;
  }

  private reader(partition: number, filter: string, patienceMs?: number): StreamReader {
    const { connection, watch, manager, names } = this.options;
    const stream = names.journalStream(partition);
    const source = { connection, watch, manager, stream, filter };
    return new StreamReader(patienceMs === undefined ? source : { ...source, patienceMs });
  }

  /** Waits for a large value that is temporarily unreachable, just like for the next message. */
  private async unpackPatiently(
    messages: readonly StreamMessage[],
    partition: number,
    until: AbortSignal,
  ): Promise<readonly Item[]> {
    for (;;) {
      try {
        return await this.unpackAll(messages, partition);
      } catch (error) {
        if (until.aborted) return [];
        if (!isLlmteamError(error) || error.code !== 'BACKEND_UNREACHABLE') throw error;
        await this.options.watch.pause(retryPauseMs);
      }
    }
  }

  private async unpackAll(messages: readonly StreamMessage[], partition: number): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (const message of messages) {
      const found = this.itemsOf(message, partition);
      const unpacked: readonly Item[] = found instanceof Promise ? await found : found;
      items.push(...unpacked);
    }
    return items;
  }

  /** The entries of a message, or why it cannot be read (J10). */
  private itemsOf(message: StreamMessage, partition: number): readonly Item[] | Promise<readonly Item[]> {
    try {
      const unpacked = this.unpack(message, partition);
      if (!(unpacked instanceof Promise)) return unpacked;
      return unpacked.catch((error: unknown) => this.unlessRemoved(message, partition, error));
    } catch (error) {
      return [this.unreadable(message, error)];
    }
  }

  /** A message may be removed, with its blob, after it was received. */
  private async unlessRemoved(message: StreamMessage, partition: number, error: unknown): Promise<readonly Item[]> {
    const item = this.unreadable(message, error);
    const stream = this.options.names.journalStream(partition);
    try {
      const isThere = (await this.options.manager.streams.getMessage(stream, { seq: message.sequence })) !== null;
      return isThere ? [item] : [];
    } catch (thrown) {
      throw natsError(`reading ${stream}`, thrown);
    }
  }

  /** @throws the error, unless it is about this message alone */
  private unreadable({ msg, sequence }: StreamMessage, error: unknown): UnreadableMessage {
    if (isLlmteamError(error) && error.code !== 'STORE_CORRUPT' && error.code !== 'BLOB_MISSING') throw error;
    const run = this.options.names.runOf(msg.subject);
    return { position: endPosition(sequence), runs: run === null ? [] : [run], reason: reasonOf(error) };
  }

  private unpack(message: StreamMessage, partition: number): readonly Entry[] | Promise<readonly Entry[]> {
    const { msg, sequence } = message;
    const run = this.options.names.runOf(msg.subject);
    if (run === null || this.partitionOf(run) !== partition) {
      throw new LlmteamError(
        'STORE_CORRUPT',
        `message ${sequence} is on a subject of no run of partition ${partition}`,
      );
    }
    const text = this.options.bodies.unpack(message);
    if (typeof text === 'string') return parseEntries(run, sequence, text);
    return text.then((loaded) => parseEntries(run, sequence, loaded));
  }

  private async lastSequence(partition: number): Promise<number> {
    const stream = this.options.names.journalStream(partition);
    try {
      return (await this.options.manager.streams.info(stream)).state.last_seq;
    } catch (error) {
      throw natsError(`reading the end of ${stream}`, error);
    }
  }

  private untilClosed(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.closing.signal]);
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw closedError('journal');
  }
}

function unreadableIn({ run_id }: RunKey, { reason }: UnreadableMessage): LlmteamError {
  return new LlmteamError('STORE_CORRUPT', `the history of run '${run_id}' cannot be read: ${reason}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function accepted(run: RunKey, answer: Answer): Stored {
  if (answer.error === undefined) return answer;
  throw refusal(`append to run ${run.run_id}`, answer.error);
}
