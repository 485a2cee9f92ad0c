/**
 * Every folder `tests/scenarios/<name>/` is a law of the engine by example: `segment.json`, `script.json` (what steps and the outside
 * world do) and `expected.json` (outcome and every event). `UPDATE_SCENARIOS=1` writes `expected.json` anew; read the diff.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Segment } from '@llmteam/contracts';
import {
  create_expression_compiler,
  outstanding_effects,
  replay,
  result_of,
  validate_segment,
  view_run,
} from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { type Description, describe_run } from '../support/simulation/describe-run.js';
import { play_scenario, read_scenario, scenario_names, scenarios_folder } from '../support/simulation/scenarios.js';
import { scenario_catalog } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';

const updates = process.env.UPDATE_SCENARIOS === '1';
const names = scenario_names();

function expected_of(name: string, described: readonly Description[]): Description[] {
  const path = join(scenarios_folder, name, 'expected.json');
  if (updates) writeFileSync(path, `${JSON.stringify(described, null, 2)}\n`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

spec('scenarios', (test) => {
  for (const name of names) {
    const { segment, script } = read_scenario(name);

    test(`${name}: ${script.about}`, () => {
      const described = [...play_scenario(name).runs.values()].map(describe_run);
      assert.equal(described, expected_of(name, described));
    });

    test(`${name}: the segments have no problem of severity error`, () => {
      const context = { catalog: scenario_catalog(), compiler: create_expression_compiler() };
      const segments: readonly Segment[] = [segment, ...Object.values(script.segments ?? {})];
      for (const one of segments) {
        const errors = validate_segment(one, context).filter((problem) => problem.severity === 'error');
        assert.equal(errors, []);
      }
    });

    test(`${name}: every event has the next seq, and its parent came before it`, () => {
      for (const run of play_scenario(name).runs.values()) {
        run.events.forEach((event, place) => {
          assert.is(event.seq, place + 1);
          const parent = event.parent_event_id?.split(':').at(-1);
          if (parent !== undefined) assert.ok(Number(parent) < event.seq, `event ${event.seq} names ${parent}`);
        });
      }
    });

    test(`${name}: evolving the history again gives the same events, byte for byte`, () => {
      for (const run of play_scenario(name).runs.values()) {
        const again = replay(run.plan, run.key, run.facts);
        assert.is(JSON.stringify(again?.events), JSON.stringify(run.events));
        assert.is(JSON.stringify(again && result_of(again.run)), JSON.stringify(result_of(run.run)));
      }
    });

    test(`${name}: forgetting the state after every entry changes nothing`, () => {
      const described = (forgetful: boolean): string =>
        JSON.stringify([...play_scenario(name, { forgetful }).runs.values()].map(describe_run));
      assert.is(described(true), described(false));
    });

    test(`${name}: going on from a snapshot after every entry changes nothing`, () => {
      const frozen = [...play_scenario(name, { frozen: true }).runs.values()];
      const kept = [...play_scenario(name).runs.values()];
      assert.is(frozen.length, kept.length);
      for (const [place, run] of frozen.entries()) {
        assert.ok(JSON.stringify(run.events) === JSON.stringify(kept[place]?.events), 'the events are the same');
        assert.is(JSON.stringify(describe_run(run)), JSON.stringify(kept[place] && describe_run(kept[place])));
        assert.is(JSON.stringify(view_run(run.run)), JSON.stringify(kept[place] && view_run(kept[place].run)));
      }
    });

    test(`${name}: an ended run has nothing outstanding once its end is recorded`, () => {
      for (const { run } of play_scenario(name).runs.values()) {
        if (!run.state.is_recorded) continue;
        assert.equal(
          outstanding_effects(run).filter((effect) => effect.kind !== 'control_child'),
          [],
        );
      }
    });
  }

  test('there are at least 150 of them, and each folder holds three files', () => {
    assert.ok(names.length >= 150, `${names.length} scenarios`);
    for (const name of names) {
      const files = readdirSync(join(scenarios_folder, name)).sort();
      assert.equal(files, ['expected.json', 'script.json', 'segment.json'], name);
    }
  });
});
