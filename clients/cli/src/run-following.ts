/**
 * Purpose: watching a run that another process drives, from an event on to its end.
 * Owns: asking the owner of a store again and again; of a gateway also the streams of the runs inside it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LiveToken, RunEvent, RunKey } from '@llmteam/contracts';
import type { RemoteHome } from '@llmteam/embedded';
import type { GatewayStore, Runs } from './run-stores.js';
import { children_in, type Watcher } from './run-watching.js';

const first_poll_ms = 50;
const last_poll_ms = 1_000;
/** A gateway allows each tenant so many streams; one run that is watched takes few of them. */
const most_inside = 20;

const ends = new Set<string>(['segment.completed', 'segment.failed', 'segment.cancelled', 'segment.timeout']);

/**
 * Resolves once the run has ended. `children`: runs that it waits for already; null: what happens inside is not wanted.
 * @throws LlmteamError
 */
export async function follow_run(
  store: RemoteHome | GatewayStore,
  run: RunKey,
  from_seq: number,
  watcher: Watcher,
  children: readonly string[] | null,
): Promise<void> {
  const stop = new AbortController();
  const inside = children === null ? null : new RunsInside(store, run, watcher, stop.signal);
  inside?.watch(children ?? []);
  try {
    for await (const event of events_of(store, run, from_seq, stop.signal)) {
      if (event.event_type === 'llm.token') {
        watcher.token(event.step_id, event.text);
        continue;
      }
      watcher.events([event], null);
      inside?.watch(children_in([event]));
      if (ends.has(event.event_type)) return;
    }
  } finally {
    stop.abort();
  }
}

/** Runs that a run waits for, and those that they wait for: for the tasks they have for people. Only looked at, so it may fail. */
class RunsInside {
  private readonly known = new Set<string>();

  constructor(
    private readonly store: RemoteHome | GatewayStore,
    private readonly run: RunKey,
    private readonly watcher: Watcher,
    private readonly signal: AbortSignal,
  ) {}

  watch(run_ids: readonly string[]): void {
    const { store } = this;
    if (store.kind !== 'gateway') return;
    for (const run_id of run_ids) {
      if (this.known.has(run_id) || this.known.size === most_inside) continue;
      this.known.add(run_id);
      this.watch_one(store, run_id)
        .catch(() => undefined)
        .finally(() => this.known.delete(run_id));
    }
  }

  private async watch_one(store: GatewayStore, run_id: string): Promise<void> {
    for await (const event of store.follow({ ...this.run, run_id }, 1, this.signal)) {
      if (event.event_type === 'llm.token') continue;
      this.watcher.events_inside([event]);
      this.watch(children_in([event]));
      if (ends.has(event.event_type)) return;
    }
  }
}

function events_of(
  store: RemoteHome | GatewayStore,
  run: RunKey,
  from_seq: number,
  signal: AbortSignal,
): AsyncIterable<RunEvent | LiveToken> {
  return store.kind === 'gateway' ? store.follow(run, from_seq, signal) : polled_events(store.runs, run, from_seq);
}

/** Does not end by itself. */
async function* polled_events(runs: Runs, run: RunKey, from_seq: number): AsyncGenerator<RunEvent> {
  let next_seq = from_seq;
  for (let pause_ms = first_poll_ms; ; pause_ms = Math.min(last_poll_ms, pause_ms * 1.5)) {
    const events = await runs.events(run, next_seq);
    yield* events;
    next_seq += events.length;
    if (events.length > 0) pause_ms = first_poll_ms;
    await sleep(pause_ms);
  }
}
