import {
  type EventPage,
  endsRun,
  type Page,
  type RunEvent,
  type RunKey,
  type RunListing,
  type RunPage,
  type RunQuery,
  type RunRow,
  type RunView,
} from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';
import type { Followers } from '../following/followers.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';

export interface RunQueriesDeps {
  readonly runs: RunService;
  readonly followers: Followers;
  readonly limits: Pick<GatewayLimits, 'wait_seconds'>;
}

/** The runs of a tenant: lists, single runs and their events. */
export class RunQueries {
  constructor(private readonly deps: RunQueriesDeps) {}

  /** @throws LlmteamError `USAGE` if the cursor is not from this list */
  async list(query: RunQuery): Promise<RunPage> {
    const { rows, cursor }: Page<RunRow> = await this.deps.runs.list(query);
    return { runs: rows.map(listingOf), cursor };
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  show(run: RunKey): Promise<RunView> {
    return this.deps.runs.show(run);
  }

  /** Waits for the run to end; null if it does not end in time. @throws LlmteamError `RUN_UNKNOWN` */
  async whenEnded(run: RunKey, seconds: number | undefined, leaving: () => AbortSignal): Promise<RunView | null> {
    const { followers, limits } = this.deps;
    const timeoutMs = Math.min(seconds ?? 0, limits.wait_seconds) * 1_000;
    if (timeoutMs === 0 || !(await followers.ended(run, timeoutMs, leaving()))) return null;
    return this.show(run);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async events(run: RunKey, fromSeq: number, limit: number): Promise<EventPage> {
    return pageOf(await this.deps.runs.events(run, fromSeq), limit, fromSeq);
  }
}

function pageOf(found: readonly RunEvent[], limit: number, fromSeq: number): EventPage {
  const events = found.slice(0, limit);
  const last = events.at(-1);
  const isOver = last === undefined ? false : found.length <= limit && endsRun(last.event_type);
  return { events, next_seq: isOver ? null : (last?.seq ?? fromSeq - 1) + 1 };
}

function listingOf({ started_at, ended_at, ...row }: RunRow): RunListing {
  return {
    ...row,
    started_at: new Date(started_at).toISOString(),
    completed_at: ended_at === null ? null : new Date(ended_at).toISOString(),
    duration_ms: ended_at === null ? null : Math.max(0, ended_at - started_at),
  };
}
