import type { Fact, RunEvent } from '@llmteam/contracts';
import { evolve, freeze_run, is_ended, outstanding_effects, replay, validate_segment } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { thawed } from '../support/simulation/freezing.js';
import { epoch_ms } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { Choices, numbers } from './support/choices.js';
import { begin, request_of, run_key, validation_context } from './support/engine.js';
import { check_state } from './support/invariants.js';
import { OpenWork } from './support/open-work.js';
import { next_fact } from './support/random-life.js';
import { random_segment } from './support/random-segment.js';

const final_events = /^segment\.(completed|failed|cancelled|timeout)$/;

/** A random run from its beginning to wherever it gets; every law is asked for after every entry. */
function live(choices: Choices): { facts: Fact[]; events: RunEvent[]; run: ReturnType<typeof begin>['run'] } {
  const segment = random_segment(choices);
  const parent = choices.rarely(4) ? { parent: { run_id: 'above', step: 'x', depth: 8 } } : {};
  const request = request_of(segment, parent);
  const { run, outcome } = begin(segment, parent);
  const facts: Fact[] = [request];
  const events = [...outcome.events];
  const open = new OpenWork(run_key.run_id);
  open.note(request, outcome.effects);
  check_state(run);
  for (let [at, after] = [epoch_ms, 0]; !choices.is_over && after < 6; at += choices.below(2_000)) {
    const had_ended = is_ended(run.state);
    if (had_ended) after++;
    const fact = next_fact(run, choices, at, facts);
    facts.push(fact);
    const { effects, events: derived } = evolve(run, fact, { events: true });
    if (had_ended) assert.equal([derived, effects], [[], []], 'after its end a run says and wants nothing');
    events.push(...derived);
    open.note(fact, effects);
    check_state(run);
    open.check(run, true);
  }
  return { facts, events, run };
}

function check_events(events: readonly RunEvent[], has_ended: boolean): void {
  events.forEach(({ seq, parent_event_id }, place) => {
    assert.is(seq, place + 1);
    if (parent_event_id !== null) assert.ok(Number(parent_event_id.split(':')[1]) < seq);
  });
  const finals = events.filter(({ event_type }) => final_events.test(event_type));
  assert.is(finals.length, has_ended ? 1 : 0);
  if (has_ended) assert.is(events.at(-1), finals[0]);
}

spec('engine: totality', (test) => {
  test(
    'the random segments have no problem of severity error',
    () => {
      const property = fc.property(numbers(60), (random) => {
        const problems = validate_segment(random_segment(new Choices(random)), validation_context);
        assert.equal(
          problems.filter(({ severity }) => severity === 'error'),
          [],
        );
      });
      fc.assert(property, { numRuns: 200 });
    },
    { timeout_ms: 60_000 },
  );

  test(
    'random facts in random order: nothing throws, every invariant of the state holds, what is open can be told again',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { events, run } = live(new Choices(random));
        check_events(events, is_ended(run.state));
      });
      fc.assert(property, { numRuns: 2_500 });
    },
    { timeout_ms: 120_000 },
  );

  test(
    'a random history evolved again gives the same events and the same open work',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const again = replay(run.plan, run_key, facts);
        assert.is(JSON.stringify(again?.events), JSON.stringify(events));
        assert.is(JSON.stringify(again && outstanding_effects(again.run)), JSON.stringify(outstanding_effects(run)));
      });
      fc.assert(property, { numRuns: 300 });
    },
    { timeout_ms: 120_000 },
  );

  test(
    'a random history that goes on from a snapshot after every entry gives the same events and the same open work',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const begun = begin(run.plan.segment, facts[0] as Partial<ReturnType<typeof request_of>>);
        const derived = [...begun.outcome.events];
        let back = thawed(begun.run);
        for (const fact of facts.slice(1)) {
          derived.push(...evolve(back, fact, { events: true }).events);
          back = thawed(back);
        }
        assert.is(JSON.stringify(derived), JSON.stringify(events));
        assert.is(JSON.stringify(freeze_run(back)), JSON.stringify(freeze_run(run)));
      });
      fc.assert(property, { numRuns: 300 });
    },
    { timeout_ms: 120_000 },
  );

  test(
    'events that nobody asked for are counted all the same',
    () => {
      const property = fc.property(numbers(200), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const { run: quiet } = begin(run.plan.segment, facts[0] as Partial<ReturnType<typeof request_of>>);
        for (const fact of facts.slice(1)) assert.equal(evolve(quiet, fact).events, []);
        assert.is(quiet.state.seq, events.length);
      });
      fc.assert(property, { numRuns: 60 });
    },
    { timeout_ms: 60_000 },
  );
});
