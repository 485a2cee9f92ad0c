import type {
  EventPage,
  Page,
  ReasonName,
  RunExplanation,
  RunKey,
  RunListing,
  RunPage,
  RunQuery,
  RunRow,
  RunView,
  StepDetail,
  StepPage,
} from '@llmteam/contracts';
import { listWaiting, type RunService, reasonsOf, type Staff, type Surroundings } from '@llmteam/kernel';
import type { Followers } from '../following/followers.js';
import type { JsonText } from '../following/page-text.js';
import type { PageRequest } from '../following/paged-history.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { TenantLimits } from '../limits/tenant-limits.js';

/** Who works on a run. */
export type SurroundingsOf = (run: RunKey) => Promise<Surroundings>;

/** Who works on runs at the moment, so far as that is known here. */
export type StaffNow = () => Staff;

export interface RunQueriesDeps {
  readonly runs: RunService;
  readonly surroundings: SurroundingsOf;
  readonly staff: StaffNow;
  readonly followers: Followers;
  readonly tenants: TenantLimits;
  readonly limits: Pick<GatewayLimits, 'wait_seconds'>;
}

/** The runs of a tenant: lists, single runs and their events. */
export class RunQueries {
  constructor(private readonly deps: RunQueriesDeps) {}

  /** With `reasons`: live runs with one of them. @throws LlmteamError `USAGE` if the cursor is not from this list */
  async list(query: RunQuery, reasons?: readonly ReasonName[]): Promise<RunPage> {
    const { runs } = this.deps;
    const staff = this.deps.staff();
    const { rows, cursor }: Page<RunRow> =
      reasons === undefined
        ? await runs.list(query)
        : await listWaiting((part) => runs.list(part), query, reasons, staff);
    return { runs: rows.map((row) => listingOf(row, staff)), cursor };
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  show(run: RunKey): Promise<RunView> {
    return this.atGate(run, () => this.deps.runs.show(run));
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  explain(run: RunKey): Promise<RunExplanation> {
    const { runs, surroundings } = this.deps;
    return this.atGate(run, async () => runs.explain(run, await surroundings(run)));
  }

  /** A page as JSON text. @throws LlmteamError `RUN_UNKNOWN` */
  steps(run: RunKey, request: PageRequest): Promise<JsonText<StepPage>> {
    return this.deps.followers.steps(run, request);
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN`, `RUN_REDACTED` */
  step(run: RunKey, step: string): Promise<StepDetail> {
    return this.atGate(run, () => this.deps.runs.step(run, step));
  }

  /** Few histories are read at a time, and tenants take turns. */
  private atGate<T>({ tenant_id }: RunKey, read: () => Promise<T>): Promise<T> {
    return this.deps.followers.gate.pass(tenant_id, read);
  }

  /**
   * Waits for the run to end; null if it does not end in time. Meanwhile it holds one of the tenant's stream slots.
   * @throws LlmteamError `RUN_UNKNOWN`, `RATE_LIMITED`
   */
  async whenEnded(run: RunKey, seconds: number | undefined, leaving: () => AbortSignal): Promise<RunView | null> {
    const timeoutMs = this.waitMs(seconds);
    if (timeoutMs === 0) return null;
    const leave = this.deps.tenants.openStream(run.tenant_id);
    try {
      return (await this.deps.followers.ended(run, timeoutMs, leaving())) ? await this.show(run) : null;
    } finally {
      leave();
    }
  }

  /** Refuses a wait before something is started that cannot be waited for. @throws LlmteamError `RATE_LIMITED` */
  checkWait(tenantId: string, seconds: number | undefined): void {
    if (this.waitMs(seconds) > 0) this.deps.tenants.openStream(tenantId)();
  }

  private waitMs(seconds = 0): number {
    return Math.min(seconds, this.deps.limits.wait_seconds) * 1_000;
  }

  /** A page as JSON text. @throws LlmteamError `RUN_UNKNOWN` */
  events(run: RunKey, request: PageRequest): Promise<JsonText<EventPage>> {
    return this.deps.followers.events(run, request);
  }
}

function listingOf(run: RunRow, staff: Staff): RunListing {
  const { started_at, ended_at, waits: _, ...row } = run;
  const reasons = reasonsOf(run, staff);
  return {
    ...row,
    ...(reasons.length > 0 && { waiting_for: reasons }),
    started_at: new Date(started_at).toISOString(),
    completed_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    duration_ms: ended_at === null ? null : Math.max(0, ended_at - started_at),
  };
}
