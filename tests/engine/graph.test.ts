/** Checks the engine's graph analysis against slow, straightforward definitions. */
import type { Segment } from '@llmteam/contracts';
import { type Plan, validateSegment } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { Choices, numbers } from './support/choices.js';
import { planOf, validationContext } from './support/engine.js';
import { PlainGraph } from './support/plain-graph.js';
import { randomSegment } from './support/random-segment.js';

function forRandomSegments(law: (segment: Segment, plan: Plan, plain: PlainGraph) => void): void {
  const property = fc.property(numbers(200), (random) => {
    const segment = randomSegment(new Choices(random), 16);
    law(segment, planOf(segment), new PlainGraph(segment));
  });
  assertProperty(property, { numRuns: 400 });
}

/** Steps and edges without loop types, possibly cyclic. */
const anyGraph: fc.Arbitrary<Segment> = fc
  .record({ count: fc.integer({ min: 1, max: 7 }), ends: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 14 }) })
  .map(({ count, ends }) => ({
    segment_id: 'any',
    name: 'any',
    entrypoint: 's0',
    steps: Array.from({ length: count }, (_, place) => ({ step_id: `s${place}`, type: 'work' })),
    edges: ends.map(([from, to]) => ({ from: `s${from % count}`, to: `s${to % count}` })),
  }));

function codes(segment: Segment): string[] {
  return validateSegment(segment, validationContext).map(({ code }) => code);
}

spec('engine: graph', (test) => {
  test('the region of a step is that of the innermost loop whose body leads to it', () => {
    forRandomSegments((_, plan, plain) => {
      for (const step of plan.steps) {
        const owner = plan.steps[step.region]?.step_id ?? null;
        assert.is(owner, plain.regionOf(step.step_id), step.step_id);
      }
    });
  });

  test('every step is in the region it names, and in no other', () => {
    forRandomSegments((_, plan) => {
      const listed = [...plan.regions].flatMap(([region, steps]) => steps.map((step) => [step.step_id, region]));
      assert.equal(listed.sort(), plan.steps.map((step): [string, number] => [step.step_id, step.region]).sort());
    });
  });

  test('an edge leads back if it goes from a region to the port next of its own loop', () => {
    forRandomSegments((_, plan) => {
      for (const edge of plan.steps.flatMap((step) => [...step.outgoing, ...step.body])) {
        const leadsBack = edge.to_port === 'next' && plan.steps[edge.from]?.region === edge.to;
        assert.is(edge.isBack, leadsBack);
      }
    });
  });

  test('the incoming edges of a step are its forward edges, numbered in the order of the segment', () => {
    forRandomSegments((segment, plan, plain) => {
      for (const step of plan.steps) {
        const ports = plain.forwardEdgesTo(step.step_id).map(({ to_port = 'input' }) => to_port);
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
    forRandomSegments((_, plan, plain) => {
      for (const join of plan.steps) {
        const found = [...plan.exclusiveUpstream(join.index)].map((index) => plan.steps[index]?.step_id);
        assert.equal(found.sort(), plain.leadingOnlyTo(join.step_id).sort(), join.step_id);
      }
    });
  });

  test('the join that catches a failure is a join of any that the step leads only to, and no such join lies before it', () => {
    forRandomSegments((_, plan, plain) => {
      const catching = plan.steps.filter(({ catchesFailures }) => catchesFailures);
      for (const step of plan.steps) {
        const around = catching.filter((join) => plain.leadingOnlyTo(join.step_id).includes(step.step_id));
        const found = plan.catchingJoin(step.index);
        assert.is(found === null, around.length === 0, step.step_id);
        const nearer = around.filter((join) => plain.leadingOnlyTo(found?.step_id ?? '').includes(join.step_id));
        assert.equal(
          nearer.map(({ step_id }) => step_id),
          [],
        );
      }
    });
  });

  test('an expression may read the steps before its own in its scope and in those around it, and no others', () => {
    forRandomSegments((segment, _, plain) => {
      const ids = segment.steps.map(({ step_id }) => step_id);
      const config = Object.fromEntries(ids.map((id) => [id, `\${has(steps.${id})}`]));
      const asking = segment.steps.map((step) => (step.type === 'work' ? { ...step, config } : step));
      const unknown = validateSegment({ ...segment, steps: asking }, validationContext)
        .filter(({ code }) => code === 'UNKNOWN_VARIABLE')
        .map(({ path }) => path);
      const expected = asking.flatMap(({ type, step_id }, place) => {
        const unseen = type === 'work' ? ids.filter((other) => !plain.isBefore(other, step_id)) : [];
        return unseen.map((id) => `/steps/${place}/config/${id}`);
      });
      assert.equal(unknown.sort(), expected.sort());
    });
  });

  test('a cycle is found exactly where there is one', () => {
    const property = fc.property(anyGraph, (segment) => {
      const found = codes(segment);
      assert.is(found.includes('CYCLE') || found.includes('SELF_LOOP'), new PlainGraph(segment).hasCycle());
    });
    assertProperty(property, { numRuns: 400 });
  });

  test('steps that no path leads to from the entrypoint are told of, each once', () => {
    const property = fc.property(anyGraph, (segment) => {
      const plain = new PlainGraph(segment);
      fc.pre(!plain.hasCycle());
      const unreachable = segment.steps.filter(({ step_id }) => !plain.reaches('s0', step_id) && step_id !== 's0');
      assert.is(codes(segment).filter((code) => code === 'UNREACHABLE_STEP').length, unreachable.length);
    });
    assertProperty(property, { numRuns: 400 });
  });
});
