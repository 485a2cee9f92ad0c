import { caps, type ErrorInfo, type RetryPolicy, type Segment } from '@llmteam/contracts';
import { evolve } from '@llmteam/kernel';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertProperty } from '../support/random.js';
import { epochMs } from '../support/simulation/simulation.js';
import { spec } from '../support/spec.js';
import { begin, report } from './support/engine.js';

const policies: fc.Arbitrary<RetryPolicy> = fc.record(
  {
    max_attempts: fc.integer({ min: 1, max: caps.attempts_per_step }),
    initial_interval_seconds: fc.double({ min: 0, max: 1_000, noNaN: true }),
    backoff: fc.oneof(fc.double({ min: 1, max: 10, noNaN: true }), fc.constant(1e308)),
    max_interval_seconds: fc.double({ min: 0, max: 1_000, noNaN: true }),
  },
  { requiredKeys: [] },
);
const stepIds = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/);

function failing(retryAfterSeconds?: number): ErrorInfo {
  const error = { error_type: 'Error', error_code: 'PASSING', error_message: 'no', recoverable: true };
  return retryAfterSeconds === undefined ? error : { ...error, details: { retry_after_seconds: retryAfterSeconds } };
}

/** The pauses between the attempts of a step that always fails, in milliseconds. */
function pauses(stepId: string, retry: RetryPolicy, runId: string, error: ErrorInfo): number[] {
  const segment: Segment = {
    segment_id: 'retries',
    name: 'retries',
    entrypoint: stepId,
    params: { timeout_seconds: null },
    steps: [{ step_id: stepId, type: 'work', retry }],
  };
  const { run } = begin(segment);
  Object.assign(run.state, { key: { ...run.state.key, run_id: runId } });
  const found: number[] = [];
  for (let attempt = 1; attempt <= caps.attempts_per_step; attempt++) {
    const { effects } = evolve(run, report(stepId, { attempt, error }));
    const timer = effects.find((effect) => effect.kind === 'arm_timer');
    if (timer?.kind !== 'arm_timer') break;
    found.push(timer.due_at - run.state.at);
    evolve(run, { type: 'timer.fired', at: timer.due_at, timer: timer.timer });
  }
  return found;
}

/** The backoff of the policy, without jitter. */
function wantedMs(policy: RetryPolicy, attempt: number): number {
  const { initial_interval_seconds = 1, backoff = 2, max_interval_seconds = 60 } = policy;
  if (initial_interval_seconds === 0) return 0;
  return Math.min(initial_interval_seconds * backoff ** (attempt - 1), max_interval_seconds) * 1_000;
}

spec('engine: retries', (test) => {
  test('there are as many pauses as attempts after the first', () => {
    const property = fc.property(policies, stepIds, (policy, stepId) => {
      assert.is(pauses(stepId, policy, 'run', failing()).length, (policy.max_attempts ?? 4) - 1);
    });
    assertProperty(property);
  });

  test('no pause is shorter than the policy says, nor more than a fifth longer', () => {
    const property = fc.property(policies, stepIds, fc.uuid(), (policy, stepId, runId) => {
      pauses(stepId, policy, runId, failing()).forEach((pause, place) => {
        const wanted = wantedMs(policy, place + 1);
        assert.ok(pause >= wanted - 1e-6 && pause <= Math.ceil(wanted * 1.2) + 1, `${pause} for ${wanted}`);
      });
    });
    assertProperty(property);
  });

  test('a pause asked for by the error is kept too, up to an hour', () => {
    const asked = fc.oneof(fc.double({ min: -10, max: 10_000, noNaN: true }), fc.constantFrom(1e300, 0));
    const property = fc.property(policies, asked, (policy, seconds) => {
      pauses('step', policy, 'run', failing(seconds)).forEach((pause, place) => {
        const wanted = Math.max(wantedMs(policy, place + 1), Math.min(seconds, 3_600) * 1_000);
        assert.ok(pause >= wanted - 1e-6 && pause <= Math.ceil(wanted * 1.2) + 1, `${pause} for ${wanted}`);
      });
    });
    assertProperty(property);
  });

  test('pauses are whole milliseconds that follow from run, step and attempt alone', () => {
    const property = fc.property(policies, stepIds, fc.uuid(), (policy, stepId, runId) => {
      const once = pauses(stepId, policy, runId, failing());
      assert.equal(pauses(stepId, policy, runId, failing()), once);
      assert.ok(once.every(Number.isSafeInteger));
    });
    assertProperty(property);
  });

  test('runs that fail together do not come back together', () => {
    const retry = { initial_interval_seconds: 10, max_attempts: 2 };
    const together = Array.from({ length: 200 }, (_, place) => pauses('step', retry, `run-${place}`, failing())[0]);
    assert.ok(new Set(together).size > 150, `${new Set(together).size} different pauses`);
    assert.ok(together.some((pause = 0) => pause < 10_400) && together.some((pause = 0) => pause > 11_600));
  });

  test('a report that is not of the attempt in flight costs no attempt', () => {
    const segment = { segment_id: 's', name: 's', entrypoint: 'a', steps: [{ step_id: 'a', type: 'work' }] };
    const { run } = begin(segment);
    for (const attempt of [2, 3, 1_000]) evolve(run, report('a', { attempt, error: failing() }));
    assert.is(run.state.in_flight, 1);
    evolve(run, { ...report('a'), at: epochMs + 1 });
    assert.is(run.state.status, 'completed');
  });
});
