import fc from 'fast-check';

/** Random decisions that shrink to the first option: a list of numbers, consumed in order, with zeros after its end. */
export class Choices {
  private place = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** 0 … `count` - 1 */
  below(count: number): number {
    return (this.numbers[this.place++] ?? 0) % count;
  }

  of<const T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  /** The first option, or with a probability of 1 in `odds` any of them. */
  mostly<const T>(odds: number, values: readonly [T, ...T[]]): T {
    return this.rarely(odds) ? this.of(values) : values[0];
  }

  /** True with a probability of 1 in `odds`; false once the numbers have run out. */
  rarely(odds: number): boolean {
    return this.below(odds) === odds - 1;
  }

  get isOver(): boolean {
    return this.place >= this.numbers.length;
  }
}

export function numbers(most: number): fc.Arbitrary<number[]> {
  const number = fc.noBias(fc.nat(5_039));
  return fc.noBias(fc.array(number, { minLength: Math.floor(most / 3), maxLength: most, size: 'max' }));
}
