import type { Settings } from '../settings.js';
import { sized } from './terminal-size.js';

/** A progress line on a terminal; removed on close. */
export interface Counter {
  show(text: string): void;
  close(): void;
}

const redrawMs = 80;

export async function showCounter({ quiet, streams, environment }: Settings): Promise<Counter> {
  if (quiet || !streams.stderrIsTerminal || !environment.canRedraw)
    return { show: () => undefined, close: () => undefined };
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(sized(streams.stderr));
  let shownAt = 0;
  const restore = streams.divert((text) => {
    update.clear();
    streams.stderr.write(text);
  });
  return {
    show: (text) => {
      if (performance.now() - shownAt < redrawMs) return;
      shownAt = performance.now();
      update(text);
    },
    close: () => {
      update.clear();
      update.done();
      restore();
    },
  };
}
