import type { Position } from '@llmteam/contracts';
import type { Batch } from './batch.js';
import { Wakeup } from './wakeup.js';

/** The maximum number of characters buffered for a follower. */
const bufferedCharacters = 4 * 1024 * 1024;

/**
 * The unread part of the journal for one follower: buffered batches while it keeps up, otherwise the store from `position` on,
 * so a slow follower costs no memory. A new follower starts reading from the store.
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

  /** The last position the follower has received. */
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

  /** Takes another text for a batch that waits to be read. */
  replace(batch: Batch): void {
    const index = this.#buffer.findIndex(({ position }) => position === batch.position);
    if (index < 0) return;
    this.#characters += batch.body.length - (this.#buffer[index]?.body.length ?? 0);
    this.#buffer[index] = batch;
  }

  /** The next batch with entries after `position`, if there is one. `stored` reads from the store. */
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
