import type { Logger } from '@llmteam/contracts';

interface Opened {
  readonly name: string;
  readonly deadline_ms: number;
  close(): Promise<unknown>;
}

/** Closes things in the reverse order of opening, each within a deadline, past failures. */
export class Lifecycle {
  private readonly opened: Opened[] = [];

  constructor(
    private readonly log: Logger,
    private readonly deadline_ms: number,
  ) {}

  /** `deadline_ms`: for what may take longer than the rest. */
  opens(name: string, close: () => Promise<unknown>, deadline_ms = this.deadline_ms): void {
    this.opened.push({ name, deadline_ms, close });
  }

  async close(): Promise<void> {
    for (let last = this.opened.pop(); last !== undefined; last = this.opened.pop()) {
      await this.close_one(last);
    }
  }

  private async close_one({ name, deadline_ms, close }: Opened): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`closing took longer than ${deadline_ms} ms`)), deadline_ms);
    });
    try {
      await Promise.race([close(), late]);
    } catch (err) {
      this.log.error({ err, component: name }, 'a component could not be closed');
    } finally {
      clearTimeout(timer);
    }
  }
}
