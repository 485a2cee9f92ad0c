import type { Logger } from '@llmteam/contracts';

interface Opened {
  readonly name: string;
  readonly deadlineMs: number;
  close(): Promise<unknown>;
}

/** Closes components in reverse order of opening, each within a deadline; failures do not stop the sequence. */
export class Lifecycle {
  private readonly opened: Opened[] = [];

  constructor(
    private readonly log: Logger,
    private readonly deadlineMs: number,
  ) {}

  /** Registers a component; `deadlineMs` overrides the default deadline. */
  opens(name: string, close: () => Promise<unknown>, deadlineMs = this.deadlineMs): void {
    this.opened.push({ name, deadlineMs, close });
  }

  async close(): Promise<void> {
    for (let last = this.opened.pop(); last !== undefined; last = this.opened.pop()) {
      await this.closeOne(last);
    }
  }

  private async closeOne({ name, deadlineMs, close }: Opened): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`closing took longer than ${deadlineMs} ms`)), deadlineMs);
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
