import { distance } from 'fastest-levenshtein';
import { aliasesOf } from './aliases.js';

/** Budget of one validation: comparing 50,000 wrong names with 10,000 steps would take minutes. */
const maxComparisons = 200_000;
const longestName = 64;

/** Finds the name the author probably meant. */
export class ClosestName {
  private remaining = maxComparisons;

  find(name: string, candidates: Iterable<string>): string | undefined {
    if (name.length > longestName) return undefined;
    const wanted = name.toLowerCase();
    const aliases = aliasesOf(wanted.replaceAll('-', '_'));
    let best: string | undefined;
    let bestDistance = allowedDistance(name.length) + 1;
    for (const candidate of candidates) {
      if (this.remaining-- <= 0) return best;
      if (aliases.includes(candidate)) return candidate;
      if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
      const candidateDistance = distance(wanted, candidate.toLowerCase());
      if (candidateDistance < bestDistance) {
        bestDistance = candidateDistance;
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
