import { scenarioNames } from '../simulation/scenarios.js';
import type { Test } from '../spec.js';
import { isSameAsReference } from './same-as-reference.js';
import type { OpenSite } from './site.js';
import { playOnStage } from './stage.js';

/** One test per scenario: on the stage it yields the same as in the simulation. */
export function onStage(test: Test, open: OpenSite): void {
  for (const name of scenarioNames()) {
    test(`${name}: the same facts, events and outcome`, () => playOnStage(name, open, isSameAsReference), {
      timeoutMs: 30_000,
    });
  }
}
