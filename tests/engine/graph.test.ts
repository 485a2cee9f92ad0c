/** What the engine makes of the shape of a segment, against definitions that are slow and plain. */
import type { Segment } from '@llmteam/contracts';
import { type Plan, validate_segment } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { Choices, numbers } from './support/choices.js';
import { plan_of, validation_context } from './support/engine.js';
import { PlainGraph } from './support/plain-graph.js';
import { random_segment } from './support/random-segment.js';

function for_random_segments(law: (segment: Segment, plan: Plan, plain: PlainGraph) => void): void {
  const property = fc.property(numbers(200), (random) => {
    const segment = random_segment(new Choices(random), 16);
    law(segment, plan_of(segment), new PlainGraph(segment));
  });
  fc.assert(property, { numRuns: 400 });
}

/** Steps and edges without loops, cycles and all. */
const any_graph: fc.Arbitrary<Segment> = fc
  .record({ count: fc.integer({ min: 1, max: 7 }), ends: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 14 }) })
  .map(({ count, ends }) => ({
    segment_id: 'any',
    name: 'any',
    entrypoint: 's0',
    steps: Array.from({ length: count }, (_, place) => ({ step_id: `s${place}`, type: 'work' })),
    edges: ends.map(([from, to]) => ({ from: `s${from % count}`, to: `s${to % count}` })),
  }));

function codes(segment: Segment): string[] {
  return validate_segment(segment, validation_context).map(({ code }) => code);
}

spec('engine: graph', (test) => {
  test('the region of a step is that of the innermost loop whose body leads to it', () => {
    for_random_segments((_, plan, plain) => {
      for (const step of plan.steps) {
        const owner = plan.steps[step.region]?.step_id ?? null;
        assert.is(owner, plain.region_of(step.step_id), step.step_id);
      }
    });
  });

  test('every step is in the region it names, and in no other', () => {
    for_random_segments((_, plan) => {
      const listed = [...plan.regions].flatMap(([region, steps]) => steps.map((step) => [step.step_id, region]));
      assert.equal(listed.sort(), plan.steps.map((step): [string, number] => [step.step_id, step.region]).sort());
    });
  });

  test('an edge leads back if it goes from a region to the port next of its own loop', () => {
    for_random_segments((_, plan) => {
      for (const edge of plan.steps.flatMap((step) => [...step.outgoing, ...step.body])) {
        const leads_back = edge.to_port === 'next' && plan.steps[edge.from]?.region === edge.to;
        assert.is(edge.is_back, leads_back);
      }
    });
  });

  test('the incoming edges of a step are its forward edges, numbered in the order of the segment', () => {
    for_random_segments((segment, plan, plain) => {
      for (const step of plan.steps) {
        const ports = plain.forward_edges_to(step.step_id).map(({ to_port = 'input' }) => to_port);
        assert.equal(
          step.incoming.map(({ to_port, order }) => `${order} ${to_port}`),
          ports.map((port, place) => `${place} ${port}`),
        );
      }
      const outgoing = plan.steps.reduce((sum, step) => sum + step.outgoing.length + step.body.length, 0);
      assert.is(outgoing, segment.edges?.length);
    });
  });

  test('what a join may cancel are the steps of its region all of whose ways lead to it', () => {
    for_random_segments((_, plan, plain) => {
      for (const join of plan.steps) {
        const found = [...plan.exclusive_upstream(join.index)].map((index) => plan.steps[index]?.step_id);
        assert.equal(found.sort(), plain.leading_only_to(join.step_id).sort(), join.step_id);
      }
    });
  });

  test('the join that catches a failure is a join of any that the step leads only to, and no such join lies before it', () => {
    for_random_segments((_, plan, plain) => {
      const catching = plan.steps.filter(({ catches_failures }) => catches_failures);
      for (const step of plan.steps) {
        const around = catching.filter((join) => plain.leading_only_to(join.step_id).includes(step.step_id));
        const found = plan.catching_join(step.index);
        assert.is(found === null, around.length === 0, step.step_id);
        const nearer = around.filter((join) => plain.leading_only_to(found?.step_id ?? '').includes(join.step_id));
        assert.equal(
          nearer.map(({ step_id }) => step_id),
          [],
        );
      }
    });
  });

  test('an expression may read the steps before its own in its scope and in those around it, and no others', () => {
    for_random_segments((segment, _, plain) => {
      const ids = segment.steps.map(({ step_id }) => step_id);
      const config = Object.fromEntries(ids.map((id) => [id, `\${has(steps.${id})}`]));
      const asking = segment.steps.map((step) => (step.type === 'work' ? { ...step, config } : step));
      const unknown = validate_segment({ ...segment, steps: asking }, validation_context)
        .filter(({ code }) => code === 'UNKNOWN_VARIABLE')
        .map(({ path }) => path);
      const expected = asking.flatMap(({ type, step_id }, place) => {
        const unseen = type === 'work' ? ids.filter((other) => !plain.is_before(other, step_id)) : [];
        return unseen.map((id) => `/steps/${place}/config/${id}`);
      });
      assert.equal(unknown.sort(), expected.sort());
    });
  });

  test('a cycle is found exactly where there is one', () => {
    const property = fc.property(any_graph, (segment) => {
      const found = codes(segment);
      assert.is(found.includes('CYCLE') || found.includes('SELF_LOOP'), new PlainGraph(segment).has_cycle());
    });
    fc.assert(property, { numRuns: 400 });
  });

  test('steps that no path leads to from the entrypoint are told of, each once', () => {
    const property = fc.property(any_graph, (segment) => {
      const plain = new PlainGraph(segment);
      fc.pre(!plain.has_cycle());
      const unreachable = segment.steps.filter(({ step_id }) => !plain.reaches('s0', step_id) && step_id !== 's0');
      assert.is(codes(segment).filter((code) => code === 'UNREACHABLE_STEP').length, unreachable.length);
    });
    fc.assert(property, { numRuns: 400 });
  });
});
