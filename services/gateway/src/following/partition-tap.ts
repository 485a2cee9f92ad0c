import type { Entry, Journal } from '@llmteam/contracts';

/** Receives the new entries of one partition while at least one of its runs is followed. */
export class PartitionTap {
  private readonly stopping = new AbortController();
  private following: Promise<void> = Promise.resolve();
  private users = 0;

  constructor(
    private readonly journal: Journal,
    private readonly partition: number,
    private readonly receive: (entry: Entry) => void,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Once it resolves, every later entry is received. */
  readonly started: Promise<void> = Promise.resolve().then(() => this.start());

  /** Counts one more open handle on a run of the partition. */
  retain(): void {
    this.users++;
  }

  /** True if that was the last handle. */
  release(): boolean {
    this.users--;
    return this.users === 0;
  }

  private async start(): Promise<void> {
    const from = await this.journal.end(this.partition);
    this.following = this.follow(from).catch((error: unknown) => {
      if (!this.stopping.signal.aborted) this.onFailure(error);
    });
  }

  private async follow(from: number): Promise<void> {
    for await (const batch of this.journal.follow(this.partition, from, this.stopping.signal)) {
      for (const entry of batch) this.receive(entry);
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.started.catch(() => undefined);
    await this.following;
  }
}
