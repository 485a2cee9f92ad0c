/**
 * What an adapter brings to a conformance suite, whatever test runner it uses. The suites import nothing but contracts and
 * `node:assert`; an adapter's whole test file is a call per port.
 */
import * as assert from 'node:assert/strict';
import { isLlmteamError } from '@llmteam/contracts';

export type Test = (name: string, body: () => Promise<void>, options?: { readonly timeoutMs?: number }) => void;

/** A port, opened on nothing, for one test. */
export interface Opened<P> {
  readonly port: P;
  /** Lets this many milliseconds pass by the clock the port was given, and what they set off settle. */
  readonly advance: (ms: number) => Promise<void>;
  /** Closes the port and opens what it kept. For adapters that say `supports.durable`. */
  readonly reopen?: () => Promise<P>;
  /** Closes whatever is open and removes whatever was kept. */
  readonly dispose: () => Promise<void>;
}

export interface Kit<P> {
  readonly test: Test;
  readonly open: () => Promise<Opened<P>>;
}

export async function withPort<P>(kit: Kit<P>, use: (port: P, opened: Opened<P>) => Promise<void>): Promise<void> {
  const opened = await kit.open();
  try {
    await use(opened.port, opened);
  } finally {
    await opened.dispose();
  }
}

/** A port without memory has nothing to reopen; one with memory must show it. */
export async function withReopened<P extends { readonly supports: { readonly durable: boolean } }>(
  kit: Kit<P>,
  before: (port: P) => Promise<void>,
  after: (port: P, opened: Opened<P>) => Promise<void>,
): Promise<void> {
  await withPort(kit, async (port, opened) => {
    if (!port.supports.durable) return;
    assert.ok(opened.reopen, 'an adapter that says supports.durable must be opened again');
    await before(port);
    await after(await opened.reopen(), opened);
  });
}

/** Flags without a test are lies. */
export function checkSupports(port: { readonly supports: object }): void {
  assert.deepEqual(Object.keys(port.supports), ['durable']);
}

export async function rejectsWith(code: string, act: () => Promise<unknown>): Promise<void> {
  await assert.rejects(act, (thrown) => {
    assert.ok(isLlmteamError(thrown), `expected an LlmteamError with ${code}, got ${thrown}`);
    assert.equal(thrown.code, code);
    return true;
  });
}

/** The first thing an iteration gives or throws. */
export async function firstOf<T>(iterable: AsyncIterable<T>): Promise<IteratorResult<T>> {
  return iterable[Symbol.asyncIterator]().next();
}

export async function listOf<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** Collects what an iteration gives; `until` resolves as soon as what has come satisfies it. */
export class Collected<T> {
  readonly items: T[] = [];
  /** Resolves when the iteration ends, rejects when it throws. */
  readonly ended: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(iterable: AsyncIterable<T>) {
    this.ended = this.#collect(iterable);
    // Whoever awaits `ended` sees the error; a test that has failed before then must not fail twice.
    this.ended.catch(() => undefined);
  }

  async until(satisfied: (items: readonly T[]) => boolean): Promise<readonly T[]> {
    while (!satisfied(this.items)) {
      await Promise.race([new Promise<void>((resolve) => this.#waiting.add(resolve)), this.#broken()]);
    }
    return this.items;
  }

  async #collect(iterable: AsyncIterable<T>): Promise<void> {
    for await (const item of iterable) {
      this.items.push(item);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
  }

  async #broken(): Promise<never> {
    await this.ended;
    throw new assert.AssertionError({ message: `the iteration ended after ${this.items.length} items` });
  }
}
