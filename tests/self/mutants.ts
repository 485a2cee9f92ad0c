/** Proof that a conformance suite bites: deliberately broken adapters, each of which the law it breaks must find out. */
import { type ManualClock, manual_clock, open_memory_backend } from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import type { Kit, Opened, Test as SuiteTest } from '../conformance/kit.js';
import type { Test } from '../support/spec.js';

/** A test that waits for what a mutant never does is over after this; the reference has time enough. */
const mutant_deadline_ms = 1_000;
const reference_deadline_ms = 20_000;
export const lease_ms = 30_000;

export interface Mutant<P> {
  /** What is wrong with it. */
  readonly name: string;
  /** How the names of the tests begin of which at least one must fail. */
  readonly law: string;
  readonly mutate: (reference: P, clock: ManualClock) => P;
}

type Suite<P> = (kit: Kit<P>) => void;
type Body = () => Promise<void>;

/** One test per mutant of the memory backend's port, and one that the port itself passes the laws named. */
export function mutants_die<K extends keyof Backend>(
  test: Test,
  port: K,
  suite: Suite<Backend[K]>,
  mutants: readonly Mutant<Backend[K]>[],
): void {
  const pass_all = async () => {
    const open = opened_with(port, (reference) => reference);
    for (const law of new Set(mutants.map((mutant) => mutant.law))) {
      assert.equal(await failures(suite, law, open, reference_deadline_ms), [], law);
    }
  };
  test('the reference passes every law that kills a mutant', pass_all, { timeout_ms: 120_000 });
  for (const { name, law, mutate } of mutants) {
    test(`${law} finds out: ${name}`, async () => {
      const failed = await failures(suite, law, opened_with(port, mutate));
      assert.ok(failed.length > 0, `no test of ${law} failed`);
    });
  }
}

/** The tests of a law that fail, by name. */
export async function failures<P>(
  suite: Suite<P>,
  law: string,
  open: () => Promise<Opened<P>>,
  deadline_ms = mutant_deadline_ms,
): Promise<string[]> {
  const bodies = new Map<string, Body>();
  const test: SuiteTest = (name, body) => {
    if (name.startsWith(law)) bodies.set(name, body);
  };
  suite({ test, open });
  assert.ok(bodies.size > 0, `the suite has no test of ${law}`);
  const outcomes = await Promise.all(
    [...bodies].map(async ([name, body]) => ((await passes(body, deadline_ms)) ? [] : [name])),
  );
  return outcomes.flat();
}

async function passes(body: Body, deadline_ms: number): Promise<boolean> {
  const control: { timer?: NodeJS.Timeout } = {};
  const deadline = new Promise<boolean>((resolve) => {
    control.timer = setTimeout(() => resolve(false), deadline_ms);
  });
  const passed = body().then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([passed, deadline]);
  clearTimeout(control.timer);
  return outcome;
}

function opened_with<K extends keyof Backend>(
  port: K,
  mutate: (reference: Backend[K], clock: ManualClock) => Backend[K],
): () => Promise<Opened<Backend[K]>> {
  return async () => {
    const clock = manual_clock(Date.UTC(2026, 0, 1));
    const backend = await open_memory_backend({ clock, lease_ms, on_error: () => undefined });
    return {
      port: mutate(backend[port], clock),
      advance: (ms) => clock.advance(ms),
      dispose: () => backend.close(),
    };
  };
}

/** Every method of the reference, but once closed they fail with an error of no code. */
export function without_code<P extends { close(): Promise<void> }>(reference: P): P {
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

export async function a_turn(): Promise<void> {
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
