/** From and to, both included. */
export type IndexRange = [from: number, to: number];

/** Takes an index for good; false if it was taken before. `taken`: ascending, with gaps between them, so indices that count up are one range. */
export function takeIndex(taken: IndexRange[], index: number): boolean {
  const after = taken.findLastIndex(([from]) => from <= index) + 1;
  const [lower, upper] = [taken[after - 1], taken[after]];
  if (lower !== undefined && index <= lower[1]) return false;
  const from = lower?.[1] === index - 1 ? lower[0] : index;
  const to = upper?.[0] === index + 1 ? upper[1] : index;
  const merged = Number(from < index) + Number(to > index);
  taken.splice(from < index ? after - 1 : after, merged, [from, to]);
  return true;
}
