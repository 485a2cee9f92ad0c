import type { Delivery } from '@llmteam/contracts';

/** A consumer of a queue and its free slots. */
export class QueueWorker {
  readonly handle: (delivery: Delivery) => void;
  readonly #concurrency: number;
  readonly #onIdle = new Set<() => void>();
  #inFlight = 0;

  constructor(concurrency: number, handle: (delivery: Delivery) => void) {
    this.handle = handle;
    this.#concurrency = concurrency;
  }

  get hasCapacity(): boolean {
    return this.#inFlight < this.#concurrency;
  }

  acquireSlot(): void {
    this.#inFlight += 1;
  }

  releaseSlot(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0 && this.#onIdle.size > 0) this.notifyIdle();
  }

  notifyIdle(): void {
    for (const notify of this.#onIdle) notify();
    this.#onIdle.clear();
  }

  /** Resolves when no delivery holds a slot, when `signal` aborts or when the queue is closed. */
  async idle(signal?: AbortSignal): Promise<void> {
    if (this.#inFlight === 0 || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const notify = () => {
        signal?.removeEventListener('abort', notify);
        resolve();
      };
      signal?.addEventListener('abort', notify);
      this.#onIdle.add(notify);
    });
  }
}
