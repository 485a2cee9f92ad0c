import type { Fact, RunEvent, RunKey } from '@llmteam/contracts';
import { evolve, startRun } from './evolve.js';
import type { Plan } from './plan.js';
import type { Run } from './state.js';

/** A history from its beginning: the run as it stands after it, and every event. */
export function replay(plan: Plan, key: RunKey, facts: Iterable<Fact>): { run: Run; events: RunEvent[] } | null {
  let run: Run | null = null;
  const events: RunEvent[] = [];
  for (const fact of facts) {
    if (run !== null) {
      events.push(...evolve(run, fact, { events: true }).events);
    } else if (fact.type === 'run.requested') {
      const begun = startRun(plan, key, fact, { events: true });
      run = begun.run;
      events.push(...begun.outcome.events);
    }
  }
  return run === null ? null : { run, events };
}
