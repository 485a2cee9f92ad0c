import type { RunKey } from '@llmteam/contracts';
import { runMark } from './append-draft.js';
import { RecentMap } from './recent-map.js';
import type { Database, Statement } from './sqlite-driver.js';

/** At least so many runs are known without asking the database. */
const knownRuns = 10_000;

/** Short numbers for runs, so that the table of who wrote where stays small. */
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

  /** The number of a run, null if it has none. */
  find(run: RunKey): number | null {
    const known = this.#known.get(runMark(run));
    if (known !== undefined) return known;
    const row = this.#find.get(run.tenant_id, run.run_id);
    return row === undefined ? null : Number(row[0]);
  }

  /** The numbers of the runs, in their order; those that have none get one. Within a transaction; `forget` if it fails. */
  give(runs: readonly RunKey[]): number[] {
    const unknown = runs.filter((run) => this.#known.get(runMark(run)) === undefined);
    for (const [id, tenantId, runId] of unknown.length === 0 ? [] : this.#insert.all(namesOf(unknown))) {
      this.#known.set(runMark({ tenant_id: String(tenantId), run_id: String(runId) }), Number(id));
    }
    return runs.map((run) => {
      const number = this.find(run) ?? 0;
      this.#known.set(runMark(run), number);
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
