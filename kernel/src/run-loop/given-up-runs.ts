import type { RunKey } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';

const remembered = 10_000;

/** Runs with a message that cannot be read and which were not live at the time: if they are requested yet, they are given up too. */
export class GivenUpRuns {
  private readonly runs = new LRUCache<string, true>({ max: remembered });

  add({ tenant_id, run_id }: RunKey): void {
    this.runs.set(`${tenant_id}/${run_id}`, true);
  }

  has({ tenant_id, run_id }: RunKey): boolean {
    return this.runs.size > 0 && this.runs.has(`${tenant_id}/${run_id}`);
  }
}
