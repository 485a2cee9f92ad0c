/**
 * Purpose: the messages of a stream from a sequence on, in order and without gaps, whatever happens to servers and consumers meanwhile.
 * Owns: the ephemeral consumer behind it, made again from the last message read whenever it is lost. Bounded: it asks for no more
 * than it may keep.
 * Invariants:
 *   R1 Sequences only grow; a message is given once.
 *   R2 A hole in the consumer's own sequence means a message was lost on the way: the consumer is made again.
 *   R3 A stream that is gone, was made anew or has lost what was read of it is `STORE_CORRUPT`: going on would reuse sequences.
 */
import { LlmteamError } from '@llmteam/contracts';
import { AckPolicy, type ConsumerInfo, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import { api_error_code, api_errors, nats_error } from './nats-error.js';
import { PullRequests } from './pull-requests.js';
import type { StreamMessage } from './stream-message.js';
import { StreamPast } from './stream-past.js';

export interface StreamSource {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly filter: string;
  /** How long to try to get a consumer before giving up; undefined: until aborted. */
  readonly patience_ms?: number;
}

export interface StreamBatch {
  readonly messages: readonly StreamMessage[];
  /** Nothing matched beyond these when the server last said so. */
  readonly is_end: boolean;
  /** All that matched when the reading began has been given. */
  readonly has_caught_up: boolean;
}

const most_buffered = 1_000;
const most_buffered_bytes = 4 * 1024 * 1024;
const idle_consumer_ms = 30_000;
const first_pause_ms = 50;
const longest_pause_ms = 1_000;

export class StreamReader {
  private buffer: StreamMessage[] = [];
  private buffered_bytes = 0;
  private requests: PullRequests | null = null;
  private consumer: ConsumerInfo | null = null;
  private consumer_sequence = 0;
  private readonly past: StreamPast;
  /** What was there when the reading began and has not come yet; null: not known yet. */
  private missing: number | null = null;
  /** The server said that nothing is left. */
  private is_at_end = false;
  private wake: () => void = () => undefined;

  constructor(private readonly source: StreamSource) {
    this.past = new StreamPast(source.manager, source.stream);
  }

  /** Ends when the signal aborts. @throws LlmteamError `BACKEND_UNREACHABLE`, `STORE_CORRUPT` */
  async *read(from_sequence: number, signal: AbortSignal): AsyncGenerator<StreamBatch> {
    // At once, though whoever reads may not ask for more for a long time.
    const stop = (): void => this.lost();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        if (this.consumer === null) await this.make_consumer(from_sequence, signal);
        if (this.buffer.length === 0 && !this.is_at_end) await this.something(signal);
        const batch = this.take();
        if (!signal.aborted && (batch.messages.length > 0 || batch.is_end)) yield batch;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.forget_consumer();
    }
  }

  private async something(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.consumer === null) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private take(): StreamBatch {
    const messages = this.buffer;
    const is_end = this.is_at_end || messages.at(-1)?.pending === 0;
    this.missing = is_end ? 0 : Math.max(0, (this.missing ?? 1) - messages.length);
    this.buffer = [];
    this.buffered_bytes = 0;
    this.is_at_end = false;
    this.requests?.ask_soon();
    return { messages, is_end, has_caught_up: this.missing === 0 };
  }

  private room(): number {
    return this.buffered_bytes > most_buffered_bytes ? 0 : most_buffered - this.buffer.length;
  }

  private receive(message: StreamMessage): void {
    if (message.consumer_sequence !== this.consumer_sequence + 1) {
      this.lost();
      return;
    }
    this.consumer_sequence = message.consumer_sequence;
    this.past.has_read(message);
    this.buffer.push(message);
    this.buffered_bytes += message.data.length;
    if (this.buffer.length === 1) this.wake();
  }

  /** Of what was announced some may have been purged: then it never comes, and the server must be asked whether this is the end. */
  private async look_for_end(): Promise<void> {
    const { consumer, source } = this;
    if (consumer === null || this.missing === 0) return;
    try {
      const info = await source.manager.consumers.info(consumer.stream_name, consumer.name);
      const is_same = this.consumer === consumer && info.delivered.consumer_seq === this.consumer_sequence;
      if (!is_same || info.num_pending > 0 || this.buffer.length > 0) return;
      this.is_at_end = true;
      this.wake();
    } catch {
      // It is asked again when the next request has run out.
    }
  }

  /** What is buffered is still good; the consumer is made again after it. */
  private lost(): void {
    this.forget_consumer();
    this.wake();
  }

  private forget_consumer(): void {
    this.requests?.stop();
    this.requests = null;
    const { connection, manager } = this.source;
    if (this.consumer === null) return;
    const { stream_name, name } = this.consumer;
    this.consumer = null;
    // It would end by itself; if it is gone already, all is well.
    if (!connection.isClosed()) manager.consumers.delete(stream_name, name).catch(() => undefined);
  }

  private async make_consumer(from_sequence: number, signal: AbortSignal): Promise<void> {
    const { connection, watch, patience_ms = Number.POSITIVE_INFINITY } = this.source;
    const began = performance.now();
    for (let pause = first_pause_ms; ; pause = Math.min(2 * pause, longest_pause_ms)) {
      try {
        await this.try_consumer(from_sequence);
        return;
      } catch (thrown) {
        const error = this.judge(thrown);
        const is_over = signal.aborted || connection.isClosed() || performance.now() - began > patience_ms;
        if (is_over || !error.recoverable) throw error;
        await watch.pause(pause);
      }
    }
  }

  private async try_consumer(from_sequence: number): Promise<void> {
    const { connection, watch, manager, stream, filter, patience_ms } = this.source;
    // Whoever reads to the end and stops does without the question, as long as nothing went wrong.
    const follows = patience_ms === undefined;
    if (follows || this.past.last_sequence > 0) await watch.ask(() => this.past.check());
    const info = await watch.ask(() =>
      manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, from_sequence, this.past.last_sequence + 1),
        replay_policy: ReplayPolicy.Instant,
        filter_subject: filter,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: idle_consumer_ms * 1_000_000,
      }),
    );
    this.consumer = info;
    this.consumer_sequence = 0;
    this.missing ??= info.num_pending;
    this.is_at_end = info.num_pending === 0;
    this.requests = new PullRequests(connection, watch, {
      room: () => this.room(),
      receive: (message) => this.receive(message),
      idle: () => void this.look_for_end(),
      lost: () => this.lost(),
    });
    this.requests.begin(stream, info.name);
  }

  private judge(thrown: unknown): LlmteamError {
    const { stream } = this.source;
    if (api_error_code(thrown) !== api_errors.stream_not_found) return nats_error(`reading ${stream}`, thrown);
    return new LlmteamError('STORE_CORRUPT', `stream ${stream} is gone`, { cause: thrown });
  }
}
