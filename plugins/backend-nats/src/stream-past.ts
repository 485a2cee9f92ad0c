/**
 * Purpose: remembers what a reader has seen of a stream, to detect that the stream was replaced or truncated. A server that lost
 * its disk, or recent writes in a power failure, reuses sequences.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { StreamMessage } from './stream-message.js';

/** The client's dates have millisecond precision, delivered messages nanoseconds. */
const toleranceMs = 1;

export class StreamPast {
  private createdAt: string | null = null;
  private last: StreamMessage | null = null;

  constructor(
    private readonly manager: JetStreamManager,
    private readonly stream: string,
  ) {}

  /** Sequence of the last message read; 0 if there is none yet. */
  get lastSequence(): number {
    return this.last?.sequence ?? 0;
  }

  hasRead(message: StreamMessage): void {
    this.last = message;
  }

  /** @throws LlmteamError `STORE_CORRUPT` */
  async check(): Promise<void> {
    const { created, state } = await this.manager.streams.info(this.stream);
    if (this.createdAt !== null && this.createdAt !== created) throw this.corrupt('was recreated');
    this.createdAt = created;
    const read = this.lastSequence;
    if (state.last_seq < read) throw this.corrupt(`ends at ${state.last_seq}, but was read up to ${read}`);
    if (this.last !== null) await this.checkMessage(this.last);
  }

  private async checkMessage({ sequence, storedAt }: StreamMessage): Promise<void> {
    const found = await this.manager.streams.getMessage(this.stream, { seq: sequence });
    // A missing message is legitimate: histories are removed and values replaced.
    if (found === null || Math.abs(found.time.getTime() - storedAt) <= toleranceMs) return;
    throw this.corrupt(`has a different message at ${sequence} than the one read before`);
  }

  private corrupt(what: string): LlmteamError {
    return new LlmteamError('STORE_CORRUPT', `stream ${this.stream} ${what}; it was replaced or damaged`);
  }
}
