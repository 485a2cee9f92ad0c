import type { Position } from '@llmteam/contracts';
import type { Batch } from './batch-store.js';
import { Wakeup } from './wakeup.js';

/** The most characters of text that wait in memory for a follower. */
const bufferedCharacters = 4 * 1024 * 1024;

/**
 * What one follower has still to read: batches in memory while it keeps up, otherwise from `position` on in the store, so that
 * a slow follower costs no memory. A new one begins in the store.
 */
export class BatchFollower {
  readonly wakeup = new Wakeup();
  #position: Position;
  #behind = true;
  #characters = 0;
  #buffer: Batch[] = [];

  constructor(from: Position) {
    this.#position = from;
  }

  /** The last position the follower was given. */
  get position(): Position {
    return this.#position;
  }

  advance(position: Position): void {
    this.#position = position;
  }

  offer(batch: Batch): void {
    if (!this.#behind) {
      this.#buffer.push(batch);
      this.#characters += batch.body.length;
      if (this.#characters > bufferedCharacters) {
        this.#behind = true;
        this.#buffer = [];
        this.#characters = 0;
      }
    }
    this.wakeup.ring();
  }

  /** The next batch with entries beyond `position`, if there is one. `stored` looks into the store. */
  take(stored: (position: Position) => Batch | undefined): Batch | undefined {
    if (this.#behind) {
      const batch = stored(this.#position + 1);
      if (batch !== undefined) return batch;
      this.#behind = false;
    }
    const batch = this.#buffer.shift();
    if (batch !== undefined) this.#characters -= batch.body.length;
    return batch;
  }
}
