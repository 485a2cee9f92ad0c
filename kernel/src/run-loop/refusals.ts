import type { Logger, RunKey } from '@llmteam/contracts';

/** Refused writes of many runs, logged in one line with the first as the example. */
export class Refusals {
  private count = 0;
  private first: { readonly err: unknown; readonly tenant_id: string; readonly run_id: string } | null = null;

  constructor(
    private readonly logger: Logger,
    private readonly message: string,
  ) {}

  note({ tenant_id, run_id }: RunKey, err: unknown): void {
    this.count++;
    this.first ??= { err, tenant_id, run_id };
  }

  /** Logs what was noted since the last call, if anything. */
  log(): void {
    if (this.first === null) return;
    this.logger.warn({ ...this.first, refused: this.count }, this.message);
    this.count = 0;
    this.first = null;
  }
}
