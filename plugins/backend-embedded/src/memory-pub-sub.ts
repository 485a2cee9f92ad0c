import type { Json, PubSub } from '@llmteam/contracts';

type Receive = (message: Json) => void;

/** In-process fan-out. Subscribers are called synchronously, each with its own copy of the message. */
export class MemoryPubSub implements PubSub {
  readonly #subscribers = new Map<string, Set<{ readonly receive: Receive }>>();
  readonly #onError: (error: unknown) => void;
  #closed = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  publish(subject: string, message: Json): void {
    const subscribers = this.#subscribers.get(subject);
    if (subscribers === undefined) return;
    const text = JSON.stringify(message);
    for (const subscriber of [...subscribers]) {
      // One subscriber may have unsubscribed another.
      if (!subscribers.has(subscriber)) continue;
      try {
        subscriber.receive(JSON.parse(text));
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  subscribe(subject: string, receive: Receive): () => void {
    if (this.#closed) return () => undefined;
    const subscribers = this.#subscribers.get(subject) ?? new Set();
    this.#subscribers.set(subject, subscribers);
    const subscriber = { receive };
    subscribers.add(subscriber);
    return () => {
      subscribers.delete(subscriber);
      if (subscribers.size === 0 && this.#subscribers.get(subject) === subscribers) this.#subscribers.delete(subject);
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const subscribers of this.#subscribers.values()) subscribers.clear();
    this.#subscribers.clear();
  }
}
