/**
 * Purpose: regular expressions with RE2 syntax that run in time linear in the text, without backtracking.
 * Invariant: a match's worst-case cost follows from the length of the text and the pattern, and is charged before it runs.
 */

import { RE2JS } from 're2js';
import { hasSmallAutomaton } from './automaton.js';
import { patternCost, perCharacter } from './cost.js';
import { type Evaluation, Failure, type Pattern } from './evaluation.js';

/** Upper limit of {@link estimatedSize}. */
const maxEstimatedSize = 10_000;
const maxInstructions = 2_500;

/** Estimates the cost of compiling: repetitions copy their text, Unicode classes are large tables. */
function estimatedSize(source: string): number {
  const repetitions = source.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g);
  let copies = 1;
  for (const [, min, max] of repetitions) copies += Number(max || min);
  const classes = source.match(/\\[pP]/g)?.length ?? 0;
  return source.length * copies + classes * 500;
}

/** Compiles a pattern, or returns why it is invalid; a pattern that is too large is a fatal failure at evaluation. */
export function compilePattern(source: string): Pattern | { readonly reason: string; readonly isTooLarge: boolean } {
  if (estimatedSize(source) > maxEstimatedSize) {
    return { reason: 'the pattern is too large: its length times its repetitions', isTooLarge: true };
  }
  let program: RE2JS;
  try {
    program = RE2JS.compile(source);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message.replace(/^error parsing regexp: /, '') : String(thrown);
    return { reason: `not an RE2 pattern: ${message}`, isTooLarge: false };
  }
  if (program.programSize() > maxInstructions) {
    return { reason: `the pattern compiles to more than ${maxInstructions} instructions`, isTooLarge: true };
  }
  return { unitsPerCharacter: unitsPerCharacter(program), test: (text) => program.test(text) };
}

function unitsPerCharacter(program: RE2JS): number {
  return hasSmallAutomaton(program) ? patternCost.character : program.programSize() * patternCost.instruction;
}

/** Whether the pattern matches anywhere in the text. */
export function matches(run: Evaluation, offset: number, text: string, pattern: Pattern): boolean {
  run.charge(patternCost.match + text.length * pattern.unitsPerCharacter, offset);
  return pattern.test(text);
}

/** Compiles a pattern only known at evaluation; each is compiled and charged once per evaluation. */
export function patternOf(run: Evaluation, offset: number, source: string): Pattern {
  run.charge(source.length * perCharacter.copied, offset);
  return run.pattern(source, () => {
    run.charge(source.length * perCharacter.visited + patternCost.compiled, offset);
    const size = estimatedSize(source);
    // One that is larger is refused, not compiled.
    if (size <= maxEstimatedSize) run.charge(size * patternCost.size, offset);
    const compiled = compilePattern(source);
    if ('reason' in compiled) throw new Failure(compiled.reason, offset, compiled.isTooLarge);
    return compiled;
  });
}
