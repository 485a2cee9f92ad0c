/**
 * Purpose: reads a stream from a sequence on, in order and without gaps, across server and consumer failures.
 * Owns: the ephemeral consumer, recreated after the last message read whenever it is lost. Bounded: it requests no more than it
 * may buffer.
 * Invariants:
 *   R1 Sequences only grow; a message is returned once.
 *   R2 A gap in the consumer's own sequence means a message was lost in transit: the consumer is recreated.
 *   R3 A stream that is gone, was recreated or has lost messages already read is `STORE_CORRUPT`: continuing would reuse
 *      sequences.
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
  /** How long to keep trying to create a consumer; undefined means until aborted. */
  readonly patienceMs?: number;
}

export interface StreamBatch {
  readonly messages: readonly StreamMessage[];
  /** No further message matched, as last reported by the server. */
  readonly isEnd: boolean;
  /** Every message that existed when reading began has been returned. */
  readonly hasCaughtUp: boolean;
}

const maxBuffered = 1_000;
const maxBufferedBytes = 4 * 1024 * 1024;
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
  /** How many messages that existed when reading began have not arrived yet; null if not known yet. */
  private missing: number | null = null;
  /** The server reported that nothing is left. */
  private isAtEnd = false;
  private wake: () => void = () => undefined;

  constructor(private readonly source: StreamSource) {
    this.past = new StreamPast(source.manager, source.stream);
  }

  /** Ends when the signal aborts. @throws LlmteamError `BACKEND_UNREACHABLE`, `STORE_CORRUPT` */
  async *read(fromSequence: number, signal: AbortSignal): AsyncGenerator<StreamBatch> {
    // Stops immediately, even if the caller does not ask for the next batch for a long time.
    const stop = (): void => this.resetConsumer();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        if (this.consumer === null) await this.createConsumer(fromSequence, signal);
        if (this.buffer.length === 0 && !this.isAtEnd) await this.waitForWork(signal);
        const batch = this.take();
        if (!signal.aborted && (batch.messages.length > 0 || batch.isEnd)) yield batch;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.dropConsumer();
    }
  }

  private async waitForWork(signal: AbortSignal): Promise<void> {
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
    this.requests?.requestSoon();
    return { messages, isEnd, hasCaughtUp: this.missing === 0 };
  }

  private room(): number {
    return this.bufferedBytes > maxBufferedBytes ? 0 : maxBuffered - this.buffer.length;
  }

  private receive(message: StreamMessage): void {
    if (message.consumerSequence !== this.consumerSequence + 1) {
      this.resetConsumer();
      return;
    }
    this.consumerSequence = message.consumerSequence;
    this.past.hasRead(message);
    this.buffer.push(message);
    this.bufferedBytes += message.data.length;
    if (this.buffer.length === 1) this.wake();
  }

  /** Announced messages may have been purged and never arrive, so the server must be asked whether this is the end. */
  private async checkForEnd(): Promise<void> {
    const { consumer, source } = this;
    if (consumer === null || this.missing === 0) return;
    try {
      const info = await source.manager.consumers.info(consumer.stream_name, consumer.name);
      const isSame = this.consumer === consumer && info.delivered.consumer_seq === this.consumerSequence;
      if (!isSame || info.num_pending > 0 || this.buffer.length > 0) return;
      this.isAtEnd = true;
      this.wake();
    } catch {
      // Checked again when the next request expires.
    }
  }

  /** The buffer remains valid; the consumer is recreated after its last message. */
  private resetConsumer(): void {
    this.dropConsumer();
    this.wake();
  }

  private dropConsumer(): void {
    this.requests?.stop();
    this.requests = null;
    const { connection, manager } = this.source;
    if (this.consumer === null) return;
    const { stream_name, name } = this.consumer;
    this.consumer = null;
    // Best effort: the server removes an inactive consumer anyway.
    if (!connection.isClosed()) manager.consumers.delete(stream_name, name).catch(() => undefined);
  }

  private async createConsumer(fromSequence: number, signal: AbortSignal): Promise<void> {
    const { connection, watch, patienceMs = Number.POSITIVE_INFINITY } = this.source;
    const began = performance.now();
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        await this.tryCreateConsumer(fromSequence);
        return;
      } catch (thrown) {
        const error = this.toError(thrown);
        const isOver = signal.aborted || connection.isClosed() || performance.now() - began > patienceMs;
        if (isOver || !error.recoverable) throw error;
        await watch.pause(pause);
      }
    }
  }

  private async tryCreateConsumer(fromSequence: number): Promise<void> {
    const { connection, watch, manager, stream, filter, patienceMs } = this.source;
    // A reader that stops at the end skips the check as long as nothing went wrong.
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
      idle: () => void this.checkForEnd(),
      lost: () => this.resetConsumer(),
    });
    this.requests.begin(stream, info.name);
  }

  private toError(thrown: unknown): LlmteamError {
    const { stream } = this.source;
    if (apiErrorCode(thrown) !== apiErrors.streamNotFound) return natsError(`reading ${stream}`, thrown);
    return new LlmteamError('STORE_CORRUPT', `stream ${stream} is gone`, { cause: thrown });
  }
}
