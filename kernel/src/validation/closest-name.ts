import { distance } from 'fastest-levenshtein';

/** What one validation may spend on suggestions: 50,000 wrong names against 10,000 steps would take minutes. */
const comparisons = 200_000;
const longestName = 64;

/** Finds the name somebody probably meant. */
export class ClosestName {
  private left = comparisons;

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

/** Two letters swapped count as two. */
function allowedDistance(length: number): number {
  if (length <= 2) return length - 1;
  return length <= 5 ? 2 : Math.floor(length * 0.4);
}
