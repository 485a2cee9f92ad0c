import type { Delivery } from '@llmteam/contracts';

/** Who takes jobs from a queue. */
export class QueueWorker {
  readonly handle: (delivery: Delivery) => void;
  readonly #concurrency: number;
  readonly #onIdle = new Set<() => void>();
  #places = 0;

  constructor(concurrency: number, handle: (delivery: Delivery) => void) {
    this.handle = handle;
    this.#concurrency = concurrency;
  }

  get hasRoom(): boolean {
    return this.#places < this.#concurrency;
  }

  takePlace(): void {
    this.#places += 1;
  }

  freePlace(): void {
    this.#places -= 1;
    if (this.#places === 0 && this.#onIdle.size > 0) this.tellIdle();
  }

  tellIdle(): void {
    for (const tell of this.#onIdle) tell();
    this.#onIdle.clear();
  }

  /** Resolves when no delivery holds a place, when `signal` aborts or when the queue is closed. */
  async idle(signal?: AbortSignal): Promise<void> {
    if (this.#places === 0 || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const tell = () => {
        signal?.removeEventListener('abort', tell);
        resolve();
      };
      signal?.addEventListener('abort', tell);
      this.#onIdle.add(tell);
    });
  }
}
