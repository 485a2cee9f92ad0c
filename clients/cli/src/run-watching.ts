import type { RunEvent, RunKey, Usage } from '@llmteam/contracts';
import type { EmbeddedRuntime } from '@llmteam/embedded';

export interface Watcher {
  /** `usage`: what the run has used after these events, all of which come from one entry of its history; null: that is not known. */
  events(events: readonly RunEvent[], usage: Usage | null): void;
  /** Of the runs that this one starts, and those that they start. */
  events_inside(events: readonly RunEvent[]): void;
  token(step_id: string, text: string): void;
}

/** `children`: runs that it waits for already. The function takes the watcher away again. */
export function watch_run(
  runtime: EmbeddedRuntime,
  run: RunKey,
  watcher: Watcher,
  children: readonly string[],
): () => void {
  const stops: (() => void)[] = [];
  const watch_children = (run_ids: readonly string[]): void => {
    for (const run_id of run_ids) {
      stops.push(runtime.watch({ ...run, run_id }, { events: (inside) => note_inside(inside) }));
    }
  };
  const note_inside = (events: readonly RunEvent[]): void => {
    watcher.events_inside(events);
    watch_children(children_in(events));
  };
  const note = (events: readonly RunEvent[], usage: Usage): void => {
    watcher.events(events, usage);
    watch_children(children_in(events));
  };
  watch_children(children);
  stops.push(runtime.watch(run, { events: (events, { state }) => note(events, state.usage) }));
  stops.push(runtime.watch_tokens(run.run_id, ({ step_id, text }) => watcher.token(step_id, text)));
  return () => {
    for (const stop of stops) stop();
  };
}

/** The runs that steps have begun to wait for. */
export function children_in(events: readonly RunEvent[]): string[] {
  return events.flatMap(({ event_type, payload }) => {
    const waiting_for = event_type === 'step.waiting' ? String(payload.waiting_for ?? '') : '';
    return waiting_for.startsWith('run ') ? [waiting_for.slice('run '.length)] : [];
  });
}
