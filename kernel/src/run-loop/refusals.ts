import type { Logger, RunKey } from '@llmteam/contracts';

/** What a registry that is out of order refuses of many runs at a time: one line for all of them, with the first as the example. */
export class Refusals {
  private count = 0;
  private first: { readonly err: unknown; readonly tenant_id: string; readonly run_id: string } | null = null;

  constructor(
    private readonly log: Logger,
    private readonly message: string,
  ) {}

  note({ tenant_id, run_id }: RunKey, err: unknown): void {
    this.count++;
    this.first ??= { err, tenant_id, run_id };
  }

  /** Says what was noted since the last time, if anything was. */
  tell(): void {
    if (this.first === null) return;
    this.log.warn({ ...this.first, refused: this.count }, this.message);
    this.count = 0;
    this.first = null;
  }
}
