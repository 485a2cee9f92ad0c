import { type EventPage, LlmteamError, type RunEvent, type RunKey } from '@llmteam/contracts';
import { type HistoryDeps, hasEnded, RunReplayer, replayHistory } from './history.js';
import type { ReplayGate } from './replay-gate.js';

/** A page is cut short beyond this: its client may be slow to take it. */
const pageBytes = 1024 * 1024;

/** The events of runs in pages. A page costs the memory of its own events, not of the whole history. */
export class EventPages {
  constructor(
    private readonly deps: HistoryDeps,
    private readonly gate: ReplayGate,
  ) {}

  /** `cursor` is null if the run has ended and nothing follows the page. @throws LlmteamError `RUN_UNKNOWN` */
  read(key: RunKey, fromSeq: number, limit: number): Promise<EventPage> {
    return this.gate.pass(key.tenant_id, async () => {
      const replayer = new RunReplayer(key, this.deps.definitions);
      const { events, isCut } = await collect(replayHistory(this.deps, key, replayer), fromSeq, limit);
      if (replayer.status === null) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${key.run_id}'`);
      const isOver = !isCut && hasEnded(replayer.status);
      return { events, cursor: isOver ? null : String((events.at(-1)?.seq ?? fromSeq - 1) + 1) };
    });
  }
}

async function collect(
  found: AsyncIterable<RunEvent>,
  fromSeq: number,
  limit: number,
): Promise<{ readonly events: RunEvent[]; readonly isCut: boolean }> {
  const events: RunEvent[] = [];
  let bytes = 0;
  for await (const event of found) {
    if (event.seq < fromSeq) continue;
    if (events.length === limit || bytes > pageBytes) return { events, isCut: true };
    events.push(event);
    bytes += JSON.stringify(event).length;
  }
  return { events, isCut: false };
}
