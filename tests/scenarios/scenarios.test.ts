/**
 * Every folder `tests/scenarios/<name>/` specifies behaviour of the engine by example: `segment.json`, `script.json` (what steps and
 * the outside do) and `expected.json` (outcome and every event). `UPDATE_SCENARIOS=1` updates `expected.json`; review the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  outstandingEffects,
  replay,
  resultOf,
  validateSegment,
  viewRun,
} from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { type Description, describeRun } from '../support/simulation/describe-run.js';
import {
  allScenarioNames,
  playScenario,
  readScenario,
  scenarioNames,
  scenariosFolder,
} from '../support/simulation/scenarios.js';
import { scenarioCatalog } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';

const updates = process.env.UPDATE_SCENARIOS === '1';
const names = scenarioNames();

function expectedOf(name: string, described: readonly Description[]): Description[] {
  const path = join(scenariosFolder, name, 'expected.json');
  if (updates) writeFileSync(path, `${JSON.stringify(described, null, 2)}\n`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

spec('scenarios', (test) => {
  for (const name of names) {
    const { segment, script } = readScenario(name);

    test(`${name}: ${script.about}`, () => {
      const described = [...playScenario(name).runs.values()].map(describeRun);
      assert.equal(described, expectedOf(name, described));
    });

    test(`${name}: the segments have no problem of severity error`, () => {
      const context = { catalog: scenarioCatalog(), compiler: createExpressionCompiler() };
      const segments: readonly Segment[] = [segment, ...Object.values(script.segments ?? {})];
      for (const one of segments) {
        const errors = validateSegment(one, context).filter((problem) => problem.severity === 'error');
        assert.equal(errors, []);
      }
    });

    test(`${name}: every event has the next seq, and its parent came before it`, () => {
      for (const run of playScenario(name).runs.values()) {
        run.events.forEach((event, place) => {
          assert.is(event.seq, place + 1);
          const parent = event.parent_event_id?.split(':').at(-1);
          if (parent !== undefined) assert.ok(Number(parent) < event.seq, `event ${event.seq} names ${parent}`);
        });
      }
    });

    test(`${name}: evolving the history again gives the same events, byte for byte`, () => {
      for (const run of playScenario(name).runs.values()) {
        const again = replay(run.plan, run.key, run.facts);
        assert.is(JSON.stringify(again?.events), JSON.stringify(run.events));
        assert.is(JSON.stringify(again && resultOf(again.run)), JSON.stringify(resultOf(run.run)));
      }
    });

    test(`${name}: forgetting the state after every entry changes nothing`, () => {
      const described = (forgetful: boolean): string =>
        JSON.stringify([...playScenario(name, { forgetful }).runs.values()].map(describeRun));
      assert.is(described(true), described(false));
    });

    test(`${name}: going on from a snapshot after every entry changes nothing`, () => {
      const frozen = [...playScenario(name, { frozen: true }).runs.values()];
      const kept = [...playScenario(name).runs.values()];
      assert.is(frozen.length, kept.length);
      for (const [place, run] of frozen.entries()) {
        assert.ok(JSON.stringify(run.events) === JSON.stringify(kept[place]?.events), 'the events are the same');
        assert.is(JSON.stringify(describeRun(run)), JSON.stringify(kept[place] && describeRun(kept[place])));
        assert.is(JSON.stringify(viewRun(run.run)), JSON.stringify(kept[place] && viewRun(kept[place].run)));
      }
    });

    test(`${name}: an ended run has nothing outstanding once its end is recorded`, () => {
      for (const { run } of playScenario(name).runs.values()) {
        if (!run.state.is_recorded) continue;
        assert.equal(
          outstandingEffects(run).filter((effect) => effect.kind !== 'control_child'),
          [],
        );
      }
    });
  }

  test('there are at least 150 of them, and each folder holds three files', () => {
    const all = allScenarioNames();
    assert.ok(all.length >= 150, `${all.length} scenarios`);
    for (const name of all) {
      const files = readdirSync(join(scenariosFolder, name)).sort();
      assert.equal(files, ['expected.json', 'script.json', 'segment.json'], name);
    }
  });
});
