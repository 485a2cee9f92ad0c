/** Seeded randomness for tests. The seed is printed, and TEST_SEED replays it. */
import fc from 'fast-check';

/** TEST_SEED, or a new seed each time. Printed to stderr, which the test runner shows for failed files. */
export function testSeed(): number {
  const { TEST_SEED } = process.env;
  const seed = TEST_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(TEST_SEED);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`TEST_SEED must be an integer, not ${TEST_SEED}`);
  process.stderr.write(`seed ${seed}\n`);
  return seed;
}

interface PropertyOptions {
  /** Default 100. TEST_RUNS_SHARE=0.1 runs a tenth of them, for quick feedback. */
  readonly numRuns?: number;
}

/** `fc.assert` with the seed of this test. */
export function assertProperty<T>(property: fc.IProperty<T>, options?: PropertyOptions): void {
  fc.assert(property, parameters(options));
}

export async function assertAsyncProperty<T>(property: fc.IAsyncProperty<T>, options?: PropertyOptions): Promise<void> {
  await fc.assert(property, parameters(options));
}

function parameters({ numRuns = 100 }: PropertyOptions = {}): { seed: number; numRuns: number } {
  const share = Number(process.env.TEST_RUNS_SHARE ?? 1);
  return { seed: testSeed(), numRuns: Math.ceil(numRuns * share) };
}

/** A seeded random number generator. */
export class Random {
  private state: number;

  constructor(readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1): a mixed Weyl sequence. */
  fraction(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`, inclusive. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.fraction() * (most - least + 1));
  }

  oneOf<T>(choices: readonly T[]): T {
    const chosen = choices[this.whole(0, choices.length - 1)];
    if (chosen === undefined) throw new RangeError('there is nothing to choose from');
    return chosen;
  }

  /** Picks a value with probability proportional to its weight. */
  byWeight<T>(choices: readonly (readonly [choice: T, weight: number])[]): T {
    let left = this.fraction() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return this.oneOf(choices)[0];
  }
}
