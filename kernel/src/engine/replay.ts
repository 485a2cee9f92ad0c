import type { Fact, RunEvent, RunKey } from '@llmteam/contracts';
import { RunFold } from './fold.js';
import type { Plan } from './plan.js';
import type { Run } from './state.js';

/** Replays a history into the run's final state and all its events. Returns null if it contains no `run.requested`. */
export function replay(plan: Plan, key: RunKey, facts: Iterable<Fact>): { run: Run; events: RunEvent[] } | null {
  const fold = new RunFold(key, { events: true });
  const events: RunEvent[] = [];
  for (const fact of facts) events.push(...(fold.apply(fact, plan)?.events ?? []));
  return fold.run === null ? null : { run: fold.run, events };
}
