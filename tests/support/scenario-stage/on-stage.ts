import { scenario_names } from '../simulation/scenarios.js';
import type { Test } from '../spec.js';
import { is_same_as_reference } from './same-as-reference.js';
import type { OpenSite } from './site.js';
import { play_on_stage } from './stage.js';

/** One test per scenario: played there it is what it is in the simulation. */
export function on_stage(test: Test, open: OpenSite): void {
  for (const name of scenario_names()) {
    test(`${name}: the same facts, events and outcome`, () => play_on_stage(name, open, is_same_as_reference), {
      timeout_ms: 30_000,
    });
  }
}
