import { evolve, start_run } from '@llmteam/kernel';
import { play_scenario, scenario_names } from '../support/simulation/scenarios.js';
import type { SimulatedRun } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { check_state } from './support/invariants.js';
import { OpenWork } from './support/open-work.js';

const short_history = 100;

function check_every_prefix({ plan, key, facts: [request, ...facts] }: SimulatedRun): void {
  if (request?.type !== 'run.requested') throw new Error('a history begins with run.requested');
  const { run, outcome } = start_run(plan, key, request);
  const open = new OpenWork(key.run_id);
  open.note(request, outcome.effects);
  open.check(run, true);
  for (const [place, fact] of facts.entries()) {
    open.note(fact, evolve(run, fact).effects);
    if (place % Math.ceil(facts.length / short_history) !== 0) continue;
    open.check(run, true);
    check_state(run);
  }
}

spec('engine: outstanding effects', (test) => {
  for (const name of scenario_names()) {
    test(`${name}: after every entry, what is outstanding is what was asked for and has not come back`, () => {
      for (const run of play_scenario(name).runs.values()) check_every_prefix(run);
    });
  }
});
