import type { Clock } from '@llmteam/contracts';

/** Something that is read again once it is older than `forMs`, however often and by how many it is asked for. */
export class Recent<T> {
  private kept: { readonly at: number; readonly value: Promise<T> } | null = null;

  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly forMs: number,
    private readonly read: () => Promise<T>,
  ) {}

  /** @throws what `read` threw; the next call reads again */
  get(): Promise<T> {
    const at = this.clock.now();
    if (this.kept !== null && at - this.kept.at < this.forMs) return this.kept.value;
    const kept = { at, value: this.read() };
    this.kept = kept;
    kept.value.catch(() => {
      if (this.kept === kept) this.kept = null;
    });
    return kept.value;
  }
}
