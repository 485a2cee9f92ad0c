/** Mutation tests of the conformance suites: deliberately broken adapters, each of which must fail the test of the rule it breaks. */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';
import { type Kit, type ManualClock, manualClock, type Opened, type Test as SuiteTest } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import type { Test } from '../support/spec.js';

/** Timeout of a test that waits for what a mutant never does; long enough for the reference. */
const mutantDeadlineMs = 1_000;
const referenceDeadlineMs = 20_000;
export const leaseMs = 30_000;

export interface Mutant<P> {
  /** The defect. */
  readonly name: string;
  /** Name prefix of the tests of which at least one must fail. */
  readonly law: string;
  readonly mutate: (reference: P, clock: ManualClock) => P;
}

type Suite<P> = (kit: Kit<P>) => void;
type Body = () => Promise<void>;

/** One test per mutant of the memory backend's port, and one that the port itself passes the same tests. */
export function mutantsDie<K extends keyof Backend>(
  test: Test,
  port: K,
  suite: Suite<Backend[K]>,
  mutants: readonly Mutant<Backend[K]>[],
): void {
  const passAll = async () => {
    const open = openedWith(port, (reference) => reference);
    for (const law of new Set(mutants.map((mutant) => mutant.law))) {
      assert.equal(await failures(suite, law, open, referenceDeadlineMs), [], law);
    }
  };
  test('the reference passes every test that kills a mutant', passAll, { timeoutMs: 120_000 });
  for (const { name, law, mutate } of mutants) {
    test(`${law} finds out: ${name}`, async () => {
      const failed = await failures(suite, law, openedWith(port, mutate));
      assert.ok(failed.length > 0, `no test of ${law} failed`);
    });
  }
}

/** The names of the failing tests. */
export async function failures<P>(
  suite: Suite<P>,
  law: string,
  open: () => Promise<Opened<P>>,
  deadlineMs = mutantDeadlineMs,
): Promise<string[]> {
  const bodies = new Map<string, Body>();
  const test: SuiteTest = (name, body) => {
    if (name.startsWith(law)) bodies.set(name, body);
  };
  suite({ test, open });
  assert.ok(bodies.size > 0, `the suite has no test of ${law}`);
  const outcomes = await Promise.all(
    [...bodies].map(async ([name, body]) => ((await passes(body, deadlineMs)) ? [] : [name])),
  );
  return outcomes.flat();
}

async function passes(body: Body, deadlineMs: number): Promise<boolean> {
  const control: { timer?: NodeJS.Timeout } = {};
  const deadline = new Promise<boolean>((resolve) => {
    control.timer = setTimeout(() => resolve(false), deadlineMs);
  });
  const passed = body().then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([passed, deadline]);
  clearTimeout(control.timer);
  return outcome;
}

function openedWith<K extends keyof Backend>(
  port: K,
  mutate: (reference: Backend[K], clock: ManualClock) => Backend[K],
): () => Promise<Opened<Backend[K]>> {
  return async () => {
    const clock = manualClock(Date.UTC(2026, 0, 1));
    const backend = await openMemoryBackend({ clock, leaseMs, onError: () => undefined });
    return {
      port: mutate(backend[port], clock),
      advance: (ms) => clock.advance(ms),
      dispose: () => backend.close(),
    };
  };
}

/** The reference, except that after close its methods reject with an error without a code. */
export function withoutCode<P extends { close(): Promise<void> }>(reference: P): P {
  return new Proxy(reference, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = value.apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.catch((error) => {
          throw new Error(String(error));
        });
      };
    },
  });
}

export async function aTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** '1', '2', '3' … */
export function counter(): () => string {
  let count = 0;
  return () => {
    count += 1;
    return String(count);
  };
}
