import { evolve, outstanding_effects, result_of, start_run, view_run } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { with_poison } from '../support/poison.js';
import { play_scenario, scenario_names } from '../support/simulation/scenarios.js';
import type { SimulatedRun } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';

/** Everything the engine says of a history, as text: events, effects, views, what is outstanding in between. */
function told({ plan, key, facts: [request, ...facts] }: SimulatedRun): string[] {
  if (request?.type !== 'run.requested') throw new Error('a history begins with run.requested');
  const { run, outcome } = start_run(plan, key, request, { events: true });
  const told = [JSON.stringify(outcome)];
  for (const fact of facts) told.push(JSON.stringify(evolve(run, fact, { events: true })));
  told.push(JSON.stringify(outstanding_effects(run)), JSON.stringify(view_run(run)), JSON.stringify(result_of(run)));
  return told;
}

spec('engine: purity', (test) => {
  for (const name of scenario_names()) {
    test(`${name}: evolving looks at no clock, chance, timer, promise or process, and says the same`, () => {
      for (const run of play_scenario(name).runs.values()) {
        const expected = told(run);
        const poisoned = with_poison(() => told(run));
        assert.is(poisoned.length, expected.length);
        poisoned.forEach((text, place) => {
          assert.ok(text === expected[place], `entry ${place}`);
        });
      }
    });
  }
});
