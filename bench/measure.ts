/** Several repetitions of one figure. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), max: at(1) };
}

export async function timeMs(work: () => Promise<unknown> | unknown): Promise<number> {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e6;
}

export async function repeat(times: number, measure: () => Promise<number>): Promise<Spread> {
  const values: number[] = [];
  for (let count = 0; count < times; count++) values.push(await measure());
  return spread(values);
}
