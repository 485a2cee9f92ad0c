import type { RunKey } from '@llmteam/contracts';
import { runKeyText } from './append-draft.js';
import { RecentMap } from './recent-map.js';
import type { Database, Statement } from './sqlite-driver.js';

/** At least this many recent runs are cached. */
const knownRuns = 10_000;

/** Assigns runs short numbers, to keep the table of their batches small. */
export class RunNumbers {
  readonly #insert: Statement;
  readonly #find: Statement;
  readonly #known = new RecentMap<number>(knownRuns);

  constructor(database: Database) {
    this.#insert = database.prepare(
      `INSERT INTO run (tenant_id, run_id) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
       ON CONFLICT DO NOTHING RETURNING id, tenant_id, run_id`,
    );
    this.#find = database.prepare('SELECT id FROM run WHERE tenant_id = ? AND run_id = ?');
  }

  /** The number of a run; null if it has none. */
  find(run: RunKey): number | null {
    const known = this.#known.get(runKeyText(run));
    if (known !== undefined) return known;
    const row = this.#find.get(run.tenant_id, run.run_id);
    return row === undefined ? null : Number(row[0]);
  }

  /** Returns the numbers of the runs in order, assigning missing ones. Must run within a transaction; `forget` if it fails. */
  assign(runs: readonly RunKey[]): number[] {
    const unknown = runs.filter((run) => this.#known.get(runKeyText(run)) === undefined);
    for (const [id, tenantId, runId] of unknown.length === 0 ? [] : this.#insert.all(namesOf(unknown))) {
      this.#known.set(runKeyText({ tenant_id: String(tenantId), run_id: String(runId) }), Number(id));
    }
    return runs.map((run) => {
      const number = this.find(run) ?? 0;
      this.#known.set(runKeyText(run), number);
      return number;
    });
  }

  forget(): void {
    this.#known.clear();
  }
}

function namesOf(runs: readonly RunKey[]): string {
  return JSON.stringify(runs.map(({ tenant_id, run_id }) => [tenant_id, run_id]));
}
