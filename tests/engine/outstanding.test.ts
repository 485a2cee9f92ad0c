import { evolve, startRun } from '@llmteam/kernel';
import { playScenario, scenarioNames } from '../support/simulation/scenarios.js';
import type { SimulatedRun } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { checkState } from './support/invariants.js';
import { OpenWork } from './support/open-work.js';

const shortHistory = 100;

function checkEveryPrefix({ plan, key, facts: [request, ...facts] }: SimulatedRun): void {
  if (request?.type !== 'run.requested') throw new Error('a history begins with run.requested');
  const { run, outcome } = startRun(plan, key, request);
  const open = new OpenWork(key.run_id);
  open.note(request, outcome.effects);
  open.check(run, true);
  for (const [place, fact] of facts.entries()) {
    open.note(fact, evolve(run, fact).effects);
    if (place % Math.ceil(facts.length / shortHistory) !== 0) continue;
    open.check(run, true);
    checkState(run);
  }
}

spec('engine: outstanding effects', (test) => {
  for (const name of scenarioNames()) {
    test(`${name}: after every entry, outstandingEffects returns exactly the effects that have no result yet`, () => {
      for (const run of playScenario(name).runs.values()) checkEveryPrefix(run);
    });
  }
});
