import type { Journal } from '@llmteam/contracts';
import { altered } from '../support/altered.js';

/** Records which histories are read. */
export function countingJournal(inner: Journal): { readonly journal: Journal; readonly read: string[] } {
  const read: string[] = [];
  const journal = altered(inner, {
    read: (run, after) => {
      read.push(run.run_id);
      return inner.read(run, after);
    },
  });
  return { journal, read };
}
