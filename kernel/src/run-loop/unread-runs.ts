import type { Logger, RunKey } from '@llmteam/contracts';

/** Runs listed without their tasks. A missing plugin may make that thousands, so they are logged in one line. */
export class UnreadRuns {
  private readonly names = new Set<string>();
  private first: { readonly err: unknown; readonly tenant_id: string; readonly run_id: string } | null = null;

  note({ tenant_id, run_id }: RunKey, err: unknown): void {
    this.names.add(JSON.stringify([tenant_id, run_id]));
    this.first ??= { err, tenant_id, run_id };
  }

  /** Each of them once. */
  tell(log: Logger): void {
    const { first } = this;
    if (first === null) return;
    const more = this.names.size - 1;
    const others = more === 0 ? '' : `, nor can those of ${more} other run${more === 1 ? '' : 's'}`;
    log.warn({ ...first, runs: more + 1 }, `its steps cannot be evaluated here${others}: listed without tasks`);
    this.first = null;
    this.names.clear();
  }
}
