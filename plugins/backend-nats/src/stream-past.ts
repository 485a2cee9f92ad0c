/**
 * Purpose: what a reader knows of a stream, to tell whether it still is the stream that was read.
 * A server that lost its disk, or the end of it in a power cut, goes on with sequences that were used before.
 */
import { LlmteamError } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { StreamMessage } from './stream-message.js';

/** The client's dates have milliseconds, what is delivered says nanoseconds. */
const sameMs = 1;

export class StreamPast {
  private madeAt: string | null = null;
  private last: StreamMessage | null = null;

  constructor(
    private readonly manager: JetStreamManager,
    private readonly stream: string,
  ) {}

  /** Of the last message read; 0: none yet. */
  get lastSequence(): number {
    return this.last?.sequence ?? 0;
  }

  hasRead(message: StreamMessage): void {
    this.last = message;
  }

  /** @throws LlmteamError `STORE_CORRUPT` */
  async check(): Promise<void> {
    const { created, state } = await this.manager.streams.info(this.stream);
    if (this.madeAt !== null && this.madeAt !== created) throw this.corrupt('was made anew');
    this.madeAt = created;
    const read = this.lastSequence;
    if (state.last_seq < read) throw this.corrupt(`ends at ${state.last_seq}, but ${read} was read of it`);
    if (this.last !== null) await this.checkMessage(this.last);
  }

  private async checkMessage({ sequence, storedAt }: StreamMessage): Promise<void> {
    const found = await this.manager.streams.getMessage(this.stream, { seq: sequence });
    // Histories of runs are removed, values replaced.
    if (found === null || Math.abs(found.time.getTime() - storedAt) <= sameMs) return;
    throw this.corrupt(`has another message at ${sequence} than the one that was read of it`);
  }

  private corrupt(what: string): LlmteamError {
    return new LlmteamError('STORE_CORRUPT', `stream ${this.stream} ${what}; it was replaced or damaged`);
  }
}
