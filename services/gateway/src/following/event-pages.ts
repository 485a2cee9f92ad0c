import { type EventPage, LlmteamError, type RunEvent, type RunKey } from '@llmteam/contracts';
import { type HistoryDeps, hasEnded, RunReplayer, replayHistory } from './history.js';
import { type JsonText, pageText } from './page-text.js';
import { PagedHistory, type PageRequest, type Reading } from './paged-history.js';
import type { ReplayGate } from './replay-gate.js';

/** The events of runs in pages. */
export class EventPages {
  private readonly pages: PagedHistory<RunEvent, EventReading>;

  constructor(deps: HistoryDeps, gate: ReplayGate) {
    this.pages = new PagedHistory(gate, (run) => new EventReading(deps, run));
  }

  /** A page as JSON text. `cursor` is null if the run has ended and nothing follows the page. @throws LlmteamError `RUN_UNKNOWN` */
  async read(run: RunKey, request: PageRequest): Promise<JsonText<EventPage>> {
    const { json, end, isCut, reading } = await this.pages.page(run, request);
    const isOver = !isCut && hasEnded(reading.status);
    return pageText<EventPage>({ events: json, cursor: JSON.stringify(isOver ? null : String(end + 1)) });
  }

  drop(): void {
    this.pages.drop();
  }
}

/** The seq of an event is its place in the list of events, counted from 1. */
class EventReading implements Reading<RunEvent> {
  readonly goesOn = true;
  private readonly replayer: RunReplayer;
  private events: AsyncGenerator<RunEvent> | null = null;

  constructor(
    private readonly deps: HistoryDeps,
    private readonly run: RunKey,
  ) {
    this.replayer = new RunReplayer(run, deps.definitions);
  }

  get status(): RunReplayer['status'] {
    return this.replayer.status;
  }

  async next(): Promise<RunEvent | null> {
    this.events ??= replayHistory(this.deps, this.run, this.replayer);
    const { value, done } = await this.events.next();
    if (done !== true) return value;
    this.events = null;
    if (this.status === null) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${this.run.run_id}'`);
    return null;
  }
}
