import type { ReasonName } from '@llmteam/contracts';
import type { WaitCounts } from '../run-loop/wait-book.js';
import type { Surroundings } from './explain-run.js';
import { reasonOf } from './waiting-reasons.js';

/** Live runs by reason; a run counts in each of its reasons. `moving`: those that have not been quiet for long. */
export function countWaiting(
  counts: readonly WaitCounts[],
  surroundings: Pick<Surroundings, 'workersOf' | 'isAlive'>,
): Map<ReasonName | 'moving', number> {
  const found = new Map<ReasonName | 'moving', number>();
  const add = (reason: ReasonName | 'moving', runs: number): void => {
    found.set(reason, (found.get(reason) ?? 0) + runs);
  };
  for (const { quiet, moving } of counts) {
    add('moving', moving);
    for (const { keys, runs } of quiet) {
      for (const reason of new Set(keys.map((key) => reasonOf(key, surroundings)))) add(reason, runs);
    }
  }
  return found;
}
