import { distance } from 'fastest-levenshtein';

/** Budget of one validation: comparing 50,000 wrong names with 10,000 steps would take minutes. */
const maxComparisons = 200_000;
const longestName = 64;

/** Finds the name the author probably meant. */
export class ClosestName {
  private left = maxComparisons;

  find(name: string, candidates: Iterable<string>): string | undefined {
    if (name.length > longestName) return undefined;
    const wanted = name.toLowerCase();
    let best: string | undefined;
    let least = allowedDistance(name.length) + 1;
    for (const candidate of candidates) {
      if (this.left-- <= 0) return best;
      if (Math.abs(candidate.length - name.length) >= least) continue;
      const far = distance(wanted, candidate.toLowerCase());
      if (far < least) {
        least = far;
        best = candidate;
      }
    }
    return best;
  }
}

/** Swapped letters count as two edits. */
function allowedDistance(length: number): number {
  if (length <= 2) return length - 1;
  return length <= 5 ? 2 : Math.floor(length * 0.4);
}
