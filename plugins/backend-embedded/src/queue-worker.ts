import type { Delivery } from '@llmteam/contracts';

/** Who takes jobs from a queue. */
export class QueueWorker {
  readonly handle: (delivery: Delivery) => void;
  readonly #concurrency: number;
  readonly #on_idle = new Set<() => void>();
  #places = 0;

  constructor(concurrency: number, handle: (delivery: Delivery) => void) {
    this.handle = handle;
    this.#concurrency = concurrency;
  }

  get has_room(): boolean {
    return this.#places < this.#concurrency;
  }

  take_place(): void {
    this.#places += 1;
  }

  free_place(): void {
    this.#places -= 1;
    if (this.#places === 0 && this.#on_idle.size > 0) this.tell_idle();
  }

  tell_idle(): void {
    for (const tell of this.#on_idle) tell();
    this.#on_idle.clear();
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
      this.#on_idle.add(tell);
    });
  }
}
