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
import { apiErrorCode, apiErrors, natsError } from './nats-error.js';
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
  readonly patienceMs?: number;
}

export interface StreamBatch {
  readonly messages: readonly StreamMessage[];
  /** Nothing matched beyond these when the server last said so. */
  readonly isEnd: boolean;
  /** All that matched when the reading began has been given. */
  readonly hasCaughtUp: boolean;
}

const mostBuffered = 1_000;
const mostBufferedBytes = 4 * 1024 * 1024;
const idleConsumerMs = 30_000;
const firstPauseMs = 50;
const longestPauseMs = 1_000;

export class StreamReader {
  private buffer: StreamMessage[] = [];
  private bufferedBytes = 0;
  private requests: PullRequests | null = null;
  private consumer: ConsumerInfo | null = null;
  private consumerSequence = 0;
  private readonly past: StreamPast;
  /** What was there when the reading began and has not come yet; null: not known yet. */
  private missing: number | null = null;
  /** The server said that nothing is left. */
  private isAtEnd = false;
  private wake: () => void = () => undefined;

  constructor(private readonly source: StreamSource) {
    this.past = new StreamPast(source.manager, source.stream);
  }

  /** Ends when the signal aborts. @throws LlmteamError `BACKEND_UNREACHABLE`, `STORE_CORRUPT` */
  async *read(fromSequence: number, signal: AbortSignal): AsyncGenerator<StreamBatch> {
    // At once, though whoever reads may not ask for more for a long time.
    const stop = (): void => this.lost();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        if (this.consumer === null) await this.makeConsumer(fromSequence, signal);
        if (this.buffer.length === 0 && !this.isAtEnd) await this.something(signal);
        const batch = this.take();
        if (!signal.aborted && (batch.messages.length > 0 || batch.isEnd)) yield batch;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.forgetConsumer();
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
    const isEnd = this.isAtEnd || messages.at(-1)?.pending === 0;
    this.missing = isEnd ? 0 : Math.max(0, (this.missing ?? 1) - messages.length);
    this.buffer = [];
    this.bufferedBytes = 0;
    this.isAtEnd = false;
    this.requests?.askSoon();
    return { messages, isEnd, hasCaughtUp: this.missing === 0 };
  }

  private room(): number {
    return this.bufferedBytes > mostBufferedBytes ? 0 : mostBuffered - this.buffer.length;
  }

  private receive(message: StreamMessage): void {
    if (message.consumerSequence !== this.consumerSequence + 1) {
      this.lost();
      return;
    }
    this.consumerSequence = message.consumerSequence;
    this.past.hasRead(message);
    this.buffer.push(message);
    this.bufferedBytes += message.data.length;
    if (this.buffer.length === 1) this.wake();
  }

  /** Of what was announced some may have been purged: then it never comes, and the server must be asked whether this is the end. */
  private async lookForEnd(): Promise<void> {
    const { consumer, source } = this;
    if (consumer === null || this.missing === 0) return;
    try {
      const info = await source.manager.consumers.info(consumer.stream_name, consumer.name);
      const isSame = this.consumer === consumer && info.delivered.consumer_seq === this.consumerSequence;
      if (!isSame || info.num_pending > 0 || this.buffer.length > 0) return;
      this.isAtEnd = true;
      this.wake();
    } catch {
      // It is asked again when the next request has run out.
    }
  }

  /** What is buffered is still good; the consumer is made again after it. */
  private lost(): void {
    this.forgetConsumer();
    this.wake();
  }

  private forgetConsumer(): void {
    this.requests?.stop();
    this.requests = null;
    const { connection, manager } = this.source;
    if (this.consumer === null) return;
    const { stream_name, name } = this.consumer;
    this.consumer = null;
    // It would end by itself; if it is gone already, all is well.
    if (!connection.isClosed()) manager.consumers.delete(stream_name, name).catch(() => undefined);
  }

  private async makeConsumer(fromSequence: number, signal: AbortSignal): Promise<void> {
    const { connection, watch, patienceMs = Number.POSITIVE_INFINITY } = this.source;
    const began = performance.now();
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        await this.tryConsumer(fromSequence);
        return;
      } catch (thrown) {
        const error = this.judge(thrown);
        const isOver = signal.aborted || connection.isClosed() || performance.now() - began > patienceMs;
        if (isOver || !error.recoverable) throw error;
        await watch.pause(pause);
      }
    }
  }

  private async tryConsumer(fromSequence: number): Promise<void> {
    const { connection, watch, manager, stream, filter, patienceMs } = this.source;
    // Whoever reads to the end and stops does without the question, as long as nothing went wrong.
    const follows = patienceMs === undefined;
    if (follows || this.past.lastSequence > 0) await watch.ask(() => this.past.check());
    const info = await watch.ask(() =>
      manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: Math.max(1, fromSequence, this.past.lastSequence + 1),
        replay_policy: ReplayPolicy.Instant,
        filter_subject: filter,
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: idleConsumerMs * 1_000_000,
      }),
    );
    this.consumer = info;
    this.consumerSequence = 0;
    this.missing ??= info.num_pending;
    this.isAtEnd = info.num_pending === 0;
    this.requests = new PullRequests(connection, watch, {
      room: () => this.room(),
      receive: (message) => this.receive(message),
      idle: () => void this.lookForEnd(),
      lost: () => this.lost(),
    });
    this.requests.begin(stream, info.name);
  }

  private judge(thrown: unknown): LlmteamError {
    const { stream } = this.source;
    if (apiErrorCode(thrown) !== apiErrors.streamNotFound) return natsError(`reading ${stream}`, thrown);
    return new LlmteamError('STORE_CORRUPT', `stream ${stream} is gone`, { cause: thrown });
  }
}
