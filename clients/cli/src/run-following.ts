/**
 * Purpose: follows a run that another process drives, from a given event to its end.
 * Owns: polling the owner of a store; for a gateway also the event streams of child runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { endsRun, type LiveMessage, type RunEvent, type RunKey } from '@llmteam/contracts';
import type { RemoteStore } from '@llmteam/embedded';
import type { GatewayStore, Runs } from './run-stores.js';
import { childrenIn, type Watcher } from './run-watching.js';

const firstPollMs = 50;
const lastPollMs = 1_000;
/** Gateways limit the streams per tenant, so one followed run must not use many. */
const maxChildStreams = 20;

/**
 * Resolves once the run has ended. `children`: child runs it already waits for; null ignores child runs.
 * @throws LlmteamError
 */
export async function followRun(
  store: RemoteStore | GatewayStore,
  run: RunKey,
  fromSeq: number,
  watcher: Watcher,
  children: readonly string[] | null,
): Promise<void> {
  const stop = new AbortController();
  const childRuns = children === null ? null : new ChildRuns(store, run, watcher, stop.signal);
  childRuns?.watch(children ?? []);
  try {
    for await (const event of eventsOf(store, run, fromSeq, stop.signal)) {
      if (!('seq' in event)) {
        watcher.live(event);
        continue;
      }
      watcher.events([event], null);
      childRuns?.watch(childrenIn([event]));
      if (endsRun(event.event_type)) return;
    }
  } finally {
    stop.abort();
  }
}

/** Follows child runs at any depth, to show their human tasks. Best effort: failures are ignored. */
class ChildRuns {
  private readonly known = new Set<string>();

  constructor(
    private readonly store: RemoteStore | GatewayStore,
    private readonly run: RunKey,
    private readonly watcher: Watcher,
    private readonly signal: AbortSignal,
  ) {}

  watch(runIds: readonly string[]): void {
    const { store } = this;
    if (store.kind !== 'gateway') return;
    for (const runId of runIds) {
      if (this.known.has(runId) || this.known.size === maxChildStreams) continue;
      this.known.add(runId);
      this.watchOne(store, runId)
        .catch(() => undefined)
        .finally(() => this.known.delete(runId));
    }
  }

  private async watchOne(store: GatewayStore, runId: string): Promise<void> {
    for await (const event of store.follow({ ...this.run, run_id: runId }, 1, this.signal)) {
      if (!('seq' in event)) continue;
      this.watcher.childEvents([event]);
      this.watch(childrenIn([event]));
      if (endsRun(event.event_type)) return;
    }
  }
}

function eventsOf(
  store: RemoteStore | GatewayStore,
  run: RunKey,
  fromSeq: number,
  signal: AbortSignal,
): AsyncIterable<RunEvent | LiveMessage> {
  return store.kind === 'gateway' ? store.follow(run, fromSeq, signal) : polledEvents(store.runs, run, fromSeq);
}

/** Never ends by itself. */
async function* polledEvents(runs: Runs, run: RunKey, fromSeq: number): AsyncGenerator<RunEvent> {
  let nextSeq = fromSeq;
  for (let pauseMs = firstPollMs; ; pauseMs = Math.min(lastPollMs, pauseMs * 1.5)) {
    const events = await runs.events(run, nextSeq);
    yield* events;
    nextSeq += events.length;
    if (events.length > 0) pauseMs = firstPollMs;
    await sleep(pauseMs);
  }
}
