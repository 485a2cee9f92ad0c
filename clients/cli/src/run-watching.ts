import type { LiveMessage, RunEvent, RunKey, Usage } from '@llmteam/contracts';
import type { EmbeddedRuntime } from '@llmteam/embedded';

export interface Watcher {
  /** `usage`: total after these events, which all come from one journal entry; null if unknown. */
  events(events: readonly RunEvent[], usage: Usage | null): void;
  /** Events of child runs at any depth. */
  childEvents(events: readonly RunEvent[]): void;
  live(message: LiveMessage): void;
}

/** `children`: child runs the run already waits for. Returns a function that removes the watcher. */
export function watchRun(
  runtime: EmbeddedRuntime,
  run: RunKey,
  watcher: Watcher,
  children: readonly string[],
): () => void {
  const stops: (() => void)[] = [];
  const watchChildren = (runIds: readonly string[]): void => {
    for (const runId of runIds) {
      stops.push(runtime.watch({ ...run, run_id: runId }, { events: noteChildEvents }));
    }
  };
  const noteChildEvents = (events: readonly RunEvent[]): void => {
    watcher.childEvents(events);
    watchChildren(childrenIn(events));
  };
  const note = (events: readonly RunEvent[], usage: Usage): void => {
    watcher.events(events, usage);
    watchChildren(childrenIn(events));
  };
  watchChildren(children);
  stops.push(runtime.watch(run, { events: (events, { state }) => note(events, state.usage) }));
  stops.push(runtime.watchLive(run.run_id, (message) => watcher.live(message)));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Ids of the child runs that steps have started to wait for. */
export function childrenIn(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event_type !== 'step.waiting') return [];
    const { waiting_for } = event.payload;
    return waiting_for.kind === 'child_run' ? [waiting_for.run_id] : [];
  });
}
