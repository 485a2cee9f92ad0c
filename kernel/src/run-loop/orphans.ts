import type { RunKey } from '@llmteam/contracts';

/** Runs that are not driven here, with facts the index has not seen. */
export class Orphans {
  private readonly keys = new Map<string, RunKey>();

  get size(): number {
    return this.keys.size;
  }

  note({ tenant_id, run_id }: RunKey): void {
    this.keys.set(run_id, { tenant_id, run_id });
  }

  /** Returns those noted since the last call. */
  take(): RunKey[] {
    const taken = [...this.keys.values()];
    this.keys.clear();
    return taken;
  }
}
