/**
 * Purpose: the messages of a stream from a sequence on, in order and without gaps, whatever happens to servers and consumers meanwhile.
 * Owns: the ephemeral consumer behind it, made again from the last message read whenever it is lost. Bounded: it asks for no more
 * than it may keep.
 * Invariants:
 *   R1 Sequences only grow; a message is given once.
 *   R2 A hole in the consumer's own sequence means a message was lost on the way: the consumer is made again.
 *   R3 A stream that is gone, or shorter than what was read of it, is `STORE_CORRUPT`: going on would reuse sequences.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamError } from '@llmteam/contracts';
import { AckPolicy, type ConsumerInfo, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { api_error_code, api_errors, nats_error } from './nats-error.js';
import { PullRequests } from './pull-requests.js';
import type { StreamMessage } from './stream-message.js';

export interface StreamSource {
  readonly connection: NatsConnection;
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
}

const most_buffered = 1_000;
const most_buffered_bytes = 8 * 1024 * 1024;
const idle_consumer_ms = 30_000;
const first_pause_ms = 50;
const longest_pause_ms = 1_000;

export class StreamReader {
  private buffer: StreamMessage[] = [];
  private buffered_bytes = 0;
  private requests: PullRequests | null = null;
  private consumer: ConsumerInfo | null = null;
  private consumer_sequence = 0;
  /** The last message that came, given or still buffered; 0: none yet. */
  private last_sequence = 0;
  /** When the consumer was made, nothing was left for it. */
  private is_at_end = false;
  private wake: () => void = () => undefined;

  constructor(private readonly source: StreamSource) {}

  /** Ends when the signal aborts. @throws LlmteamError `BACKEND_UNREACHABLE`, `STORE_CORRUPT` */
  async *read(from_sequence: number, signal: AbortSignal): AsyncGenerator<StreamBatch> {
    const stop = (): void => this.wake();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        this.consumer ??= await this.make_consumer(from_sequence, signal);
        if (this.buffer.length === 0 && !this.is_at_end) await this.something(signal);
        const is_at_end = this.is_at_end;
        const messages = this.take();
        if (signal.aborted || (messages.length === 0 && !is_at_end)) continue;
        yield { messages, is_end: is_at_end || messages.at(-1)?.pending === 0 };
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

  private take(): readonly StreamMessage[] {
    const messages = this.buffer;
    this.buffer = [];
    this.buffered_bytes = 0;
    this.is_at_end = false;
    this.requests?.ask_soon();
    return messages;
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
    this.last_sequence = message.sequence;
    this.buffer.push(message);
    this.buffered_bytes += message.msg.data.length;
    if (this.buffer.length === 1) this.wake();
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

  private async make_consumer(from_sequence: number, signal: AbortSignal): Promise<ConsumerInfo> {
    const { connection, patience_ms = Number.POSITIVE_INFINITY } = this.source;
    const began = performance.now();
    for (let pause = first_pause_ms; ; pause = Math.min(2 * pause, longest_pause_ms)) {
      try {
        return await this.try_consumer(Math.max(from_sequence, this.last_sequence + 1));
      } catch (thrown) {
        const error = this.judge(thrown);
        const is_over = signal.aborted || connection.isClosed() || performance.now() - began > patience_ms;
        if (is_over || !error.recoverable) throw error;
        await sleep(pause);
      }
    }
  }

  private async try_consumer(next: number): Promise<ConsumerInfo> {
    const { connection, manager, stream, filter } = this.source;
    if (this.last_sequence > 0) await this.check_stream();
    const info = await manager.consumers.add(stream, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, next),
      replay_policy: ReplayPolicy.Instant,
      filter_subject: filter,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: idle_consumer_ms * 1_000_000,
    });
    this.consumer_sequence = 0;
    this.is_at_end = info.num_pending === 0;
    this.requests = new PullRequests(connection, {
      room: () => this.room(),
      receive: (message) => this.receive(message),
      lost: () => this.lost(),
    });
    this.requests.begin(stream, info.name);
    return info;
  }

  /** R3 */
  private async check_stream(): Promise<void> {
    const { manager, stream } = this.source;
    const { state } = await manager.streams.info(stream);
    if (state.last_seq >= this.last_sequence) return;
    const ends = `stream ${stream} ends at ${state.last_seq}, but ${this.last_sequence} was read of it`;
    throw new LlmteamError('STORE_CORRUPT', `${ends}; it was replaced or damaged`);
  }

  private judge(thrown: unknown): LlmteamError {
    const { stream } = this.source;
    if (api_error_code(thrown) !== api_errors.stream_not_found) return nats_error(`reading ${stream}`, thrown);
    return new LlmteamError('STORE_CORRUPT', `stream ${stream} is gone`, { cause: thrown });
  }
}
