/**
 * Purpose: tells whether a pattern's automaton is small, by building it.
 * The library makes states of the automaton when a text first leads to them, which takes a hundred times longer than to follow those that
 * are there. All states of a small automaton are made here, once, so that every match only follows them. This uses what the pinned version
 * of the library exposes of its internals; `tests/expressions/work-limits.test.ts` fails if an upgrade changes them.
 */

import type { RE2JS } from 're2js';

/** Transitions, each weighted by the instructions of its state: about two milliseconds. */
const maxWork = 6_000;

const unanchored = 0;
const endOfText = -1;
/** The flags of a match that begins at the start of a text, and so of a line. */
const atStart = 0x01 | 0x04;

type State = { readonly nfaStates: readonly number[] } | null;

/** Makes all states of the pattern's automaton, unless they are too many. */
export function hasSmallAutomaton(pattern: RE2JS): boolean {
  const program = pattern.re2();
  const { dfa } = program;
  if (dfa.failed) return false;
  const first: State = dfa.makeState([program.prog.start], atStart, []);
  if (first === null) return false;
  const runes: readonly number[] = [0, ...dfa.classBounds, endOfText];
  const states = new Set([first]);
  let work = 0;
  for (const state of states) {
    work += runes.length * (state.nfaStates.length + 1);
    if (work > maxWork) return false;
    for (const [index, rune] of runes.entries()) {
      const next: State = dfa.step(state, index, rune, unanchored);
      if (next === null) return false;
      if (rune !== endOfText) states.add(next);
    }
  }
  // It would search the text for each literal of the pattern first.
  program.prefilter = null;
  return true;
}
