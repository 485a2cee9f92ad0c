import type { Settings } from '../settings.js';
import { sized } from './terminal-size.js';

/** One line on a terminal that says how far something is; it goes away in the end. */
export interface Counter {
  show(text: string): void;
  close(): void;
}

const redraw_ms = 80;

export async function show_counter({ quiet, streams, environment }: Settings): Promise<Counter> {
  if (quiet || !streams.stderr_is_terminal || !environment.can_redraw)
    return { show: () => undefined, close: () => undefined };
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(sized(streams.stderr));
  let shown_at = 0;
  const restore = streams.divert((text) => {
    update.clear();
    streams.stderr.write(text);
  });
  return {
    show: (text) => {
      if (performance.now() - shown_at < redraw_ms) return;
      shown_at = performance.now();
      update(text);
    },
    close: () => {
      update.clear();
      update.done();
      restore();
    },
  };
}
