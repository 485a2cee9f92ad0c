import type { RunEvent, RunKey, Usage } from '@llmteam/contracts';
import type { EmbeddedRuntime } from '@llmteam/embedded';

export interface Watcher {
  /** `usage`: what the run has used after these events, all of which come from one entry of its history; null: that is not known. */
  events(events: readonly RunEvent[], usage: Usage | null): void;
  /** Of the runs that this one starts, and those that they start. */
  eventsInside(events: readonly RunEvent[]): void;
  token(stepId: string, text: string): void;
}

/** `children`: runs that it waits for already. The function takes the watcher away again. */
export function watchRun(
  runtime: EmbeddedRuntime,
  run: RunKey,
  watcher: Watcher,
  children: readonly string[],
): () => void {
  const stops: (() => void)[] = [];
  const watchChildren = (runIds: readonly string[]): void => {
    for (const runId of runIds) {
      stops.push(runtime.watch({ ...run, run_id: runId }, { events: (inside) => noteInside(inside) }));
    }
  };
  const noteInside = (events: readonly RunEvent[]): void => {
    watcher.eventsInside(events);
    watchChildren(childrenIn(events));
  };
  const note = (events: readonly RunEvent[], usage: Usage): void => {
    watcher.events(events, usage);
    watchChildren(childrenIn(events));
  };
  watchChildren(children);
  stops.push(runtime.watch(run, { events: (events, { state }) => note(events, state.usage) }));
  stops.push(runtime.watchTokens(run.run_id, ({ step_id, text }) => watcher.token(step_id, text)));
  return () => {
    for (const stop of stops) stop();
  };
}

/** The runs that steps have begun to wait for. */
export function childrenIn(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.event_type !== 'step.waiting') return [];
    const { waiting_for } = event.payload;
    return waiting_for.kind === 'child_run' ? [waiting_for.run_id] : [];
  });
}
