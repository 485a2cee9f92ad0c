/**
 * What an adapter provides to a conformance suite; any test runner works. The suites import nothing but contracts and
 * `node:assert`; the test file of an adapter consists of one call per port.
 */
import * as assert from 'node:assert/strict';
import { isLlmteamError } from '@llmteam/contracts';

export type Test = (name: string, body: () => Promise<void>, options?: { readonly timeoutMs?: number }) => void;

/** A port on an empty store, opened for one test. */
export interface Opened<P> {
  readonly port: P;
  /** Advances the clock of the port by this many milliseconds and lets the effects settle. */
  readonly advance: (ms: number) => Promise<void>;
  /** Closes the port and reopens its store. For adapters with `supports.durable`. */
  readonly reopen?: () => Promise<P>;
  /** Closes everything and removes stored data. */
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

/** Only a durable port can be reopened, and a durable port must be. */
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

/** Every flag must be covered by a test. */
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

/** The first value or error of an iteration. */
export async function firstOf<T>(iterable: AsyncIterable<T>): Promise<IteratorResult<T>> {
  return iterable[Symbol.asyncIterator]().next();
}

export async function listOf<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** Collects the values of an iteration; `until` resolves as soon as they satisfy a condition. */
export class Collected<T> {
  readonly items: T[] = [];
  /** Resolves when the iteration ends, rejects when it throws. */
  readonly ended: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(iterable: AsyncIterable<T>) {
    this.ended = this.#collect(iterable);
    // Awaiting `ended` surfaces the error; a test that failed before that must not fail twice.
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
