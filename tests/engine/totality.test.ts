import type { Fact, RunEvent } from '@llmteam/contracts';
import { evolve, isEnded, outstandingEffects, replay, takeSnapshot, validateSegment } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { thawed } from '../support/simulation/freezing.js';
import { epochMs } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { Choices, numbers } from './support/choices.js';
import { begin, requestOf, runKey, validationContext } from './support/engine.js';
import { checkState } from './support/invariants.js';
import { OpenWork } from './support/open-work.js';
import { nextFact } from './support/random-life.js';
import { randomSegment } from './support/random-segment.js';

const finalEvents = /^segment\.(completed|failed|cancelled|timeout)$/;

/** A random run; every invariant is checked after every entry. */
function live(choices: Choices): { facts: Fact[]; events: RunEvent[]; run: ReturnType<typeof begin>['run'] } {
  const segment = randomSegment(choices);
  const parent = choices.rarely(4) ? { parent: { run_id: 'above', step: 'x', depth: 8 } } : {};
  const request = requestOf(segment, parent);
  const { run, outcome } = begin(segment, parent);
  const facts: Fact[] = [request];
  const events = [...outcome.events];
  const open = new OpenWork(runKey.run_id);
  open.note(request, outcome.effects);
  checkState(run);
  for (let [at, after] = [epochMs, 0]; !choices.isOver && after < 6; at += choices.below(2_000)) {
    const hadEnded = isEnded(run.state);
    if (hadEnded) after++;
    const fact = nextFact(run, choices, at, facts);
    facts.push(fact);
    const { effects, events: derived } = evolve(run, fact, { events: true });
    if (hadEnded) assert.equal([derived, effects], [[], []], 'after its end a run says and wants nothing');
    events.push(...derived);
    open.note(fact, effects);
    checkState(run);
    open.check(run, true);
  }
  return { facts, events, run };
}

function checkEvents(events: readonly RunEvent[], hasEnded: boolean): void {
  events.forEach(({ seq, parent_event_id }, place) => {
    assert.is(seq, place + 1);
    if (parent_event_id !== null) assert.ok(Number(parent_event_id.split(':')[1]) < seq);
  });
  const finals = events.filter(({ event_type }) => finalEvents.test(event_type));
  assert.is(finals.length, hasEnded ? 1 : 0);
  if (hasEnded) assert.is(events.at(-1), finals[0]);
}

spec('engine: totality', (test) => {
  test(
    'the random segments have no problem of severity error',
    () => {
      const property = fc.property(numbers(60), (random) => {
        const problems = validateSegment(randomSegment(new Choices(random)), validationContext);
        assert.equal(
          problems.filter(({ severity }) => severity === 'error'),
          [],
        );
      });
      assertProperty(property, { numRuns: 200 });
    },
    { timeoutMs: 60_000 },
  );

  test(
    'random facts in random order: nothing throws, every invariant of the state holds, what is open can be told again',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { events, run } = live(new Choices(random));
        checkEvents(events, isEnded(run.state));
      });
      assertProperty(property, { numRuns: 2_500 });
    },
    { timeoutMs: 120_000 },
  );

  test(
    'a random history evolved again gives the same events and the same open work',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const again = replay(run.plan, runKey, facts);
        assert.is(JSON.stringify(again?.events), JSON.stringify(events));
        assert.is(JSON.stringify(again && outstandingEffects(again.run)), JSON.stringify(outstandingEffects(run)));
      });
      assertProperty(property, { numRuns: 300 });
    },
    { timeoutMs: 120_000 },
  );

  test(
    'a random history that goes on from a snapshot after every entry gives the same events and the same open work',
    () => {
      const property = fc.property(numbers(300), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const begun = begin(run.plan.segment, facts[0] as Partial<ReturnType<typeof requestOf>>);
        const derived = [...begun.outcome.events];
        let back = thawed(begun.run);
        for (const fact of facts.slice(1)) {
          derived.push(...evolve(back, fact, { events: true }).events);
          back = thawed(back);
        }
        assert.is(JSON.stringify(derived), JSON.stringify(events));
        assert.is(JSON.stringify(takeSnapshot(back)), JSON.stringify(takeSnapshot(run)));
      });
      assertProperty(property, { numRuns: 300 });
    },
    { timeoutMs: 120_000 },
  );

  test(
    'events that nobody asked for are counted all the same',
    () => {
      const property = fc.property(numbers(200), (random) => {
        const { facts, events, run } = live(new Choices(random));
        const { run: quiet } = begin(run.plan.segment, facts[0] as Partial<ReturnType<typeof requestOf>>);
        for (const fact of facts.slice(1)) assert.equal(evolve(quiet, fact).events, []);
        assert.is(quiet.state.seq, events.length);
      });
      assertProperty(property, { numRuns: 60 });
    },
    { timeoutMs: 60_000 },
  );
});
