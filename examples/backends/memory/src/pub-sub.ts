import type { Json, Logger, PubSub } from '@llmteam/contracts';
import type { Space } from './space.js';

export class MemoryPubSub implements PubSub {
  private readonly leaving = new Set<() => void>();
  private isClosed = false;

  constructor(
    private readonly space: Space,
    private readonly log: Logger,
  ) {}

  publish(subject: string, message: Json): void {
    if (this.isClosed) return;
    const text = JSON.stringify(message);
    for (const receive of this.space.subscribers.get(subject) ?? []) receive(JSON.parse(text));
  }

  subscribe(subject: string, receive: (message: Json) => void): () => void {
    const subscribers = this.space.subscribers.get(subject) ?? new Set();
    this.space.subscribers.set(subject, subscribers);
    const subscriber = (message: Json): void => {
      try {
        receive(message);
      } catch (err) {
        this.log.warn({ err, subject }, 'a subscriber failed');
      }
    };
    const leave = (): void => {
      this.leaving.delete(leave);
      subscribers.delete(subscriber);
      if (subscribers.size === 0) this.space.subscribers.delete(subject);
    };
    subscribers.add(subscriber);
    this.leaving.add(leave);
    return leave;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const leave of [...this.leaving]) leave();
  }
}
