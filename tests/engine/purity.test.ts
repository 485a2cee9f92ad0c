import { evolve, outstandingEffects, resultOf, startRun, viewRun } from '@llmteam/kernel';
import { withPoison } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { playScenario, scenarioNames } from '../support/simulation/scenarios.js';
import type { SimulatedRun } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';

/** All output of the engine for a history, as text: events, effects, views and outstanding effects in between. */
function told({ plan, key, facts: [request, ...facts] }: SimulatedRun): string[] {
  if (request?.type !== 'run.requested') throw new Error('a history begins with run.requested');
  const { run, outcome } = startRun(plan, key, request, { events: true });
  const told = [JSON.stringify(outcome)];
  for (const fact of facts) told.push(JSON.stringify(evolve(run, fact, { events: true })));
  told.push(JSON.stringify(outstandingEffects(run)), JSON.stringify(viewRun(run)), JSON.stringify(resultOf(run)));
  return told;
}

spec('engine: purity', (test) => {
  for (const name of scenarioNames()) {
    test(`${name}: evolving looks at no clock, chance, timer, promise or process, and says the same`, () => {
      for (const run of playScenario(name).runs.values()) {
        const expected = told(run);
        const poisoned = withPoison(() => told(run));
        assert.is(poisoned.length, expected.length);
        poisoned.forEach((text, place) => {
          assert.ok(text === expected[place], `entry ${place}`);
        });
      }
    });
  }
});
