/**
 * Purpose: regular expressions in time linear in the text: RE2 syntax and automata, never JavaScript's backtracking.
 * Invariant: what a match may cost follows from the lengths of text and program, and is charged before it runs.
 */

import { RE2JS } from 're2js';
import { cost, type Evaluation, Failure, type Pattern } from './evaluation.js';

/** Larger patterns, by an estimate from their text, and programs of more instructions are refused. */
const largestPattern = 10_000;
const patternInstructions = 2_500;

/** What compiling grows with: the text, copied for every repetition; Unicode classes are large tables. */
function estimatedSize(source: string): number {
  const repetitions = source.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g);
  let copies = 1;
  for (const [, least, most] of repetitions) copies += Number(most || least);
  const classes = source.match(/\\[pP]/g)?.length ?? 0;
  return source.length * copies + classes * 500;
}

/** Compiles a pattern, or tells why it is none: `{reason}`; `isTooLarge` patterns cost so much that no operator forgives them. */
export function compilePattern(source: string): Pattern | { readonly reason: string; readonly isTooLarge: boolean } {
  if (estimatedSize(source) > largestPattern) {
    return { reason: 'the pattern is too large: its length times its repetitions', isTooLarge: true };
  }
  let program: RE2JS;
  try {
    program = RE2JS.compile(source);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replace(/^error parsing regexp: /, '') : String(thrown);
    return { reason: `not an RE2 pattern: ${why}`, isTooLarge: false };
  }
  const programSize = program.programSize();
  if (programSize > patternInstructions) {
    return { reason: `the pattern compiles to more than ${patternInstructions} instructions`, isTooLarge: true };
  }
  return { programSize, test: (text) => program.test(text) };
}

/** Whether the pattern is found anywhere in the text. */
export function matches(run: Evaluation, offset: number, text: string, pattern: Pattern): boolean {
  run.charge(text.length * pattern.programSize * cost.patternLook, offset);
  return pattern.test(text);
}

/** The pattern of a text that is only known at evaluation; each is compiled, and paid for, once in an evaluation. */
export function patternOf(run: Evaluation, offset: number, source: string): Pattern {
  return run.pattern(source, () => {
    run.charge(source.length + cost.pattern, offset);
    run.charge(Math.min(largestPattern, estimatedSize(source)) * cost.patternSize, offset);
    const compiled = compilePattern(source);
    if ('reason' in compiled) throw new Failure(compiled.reason, offset, compiled.isTooLarge);
    return compiled;
  });
}
