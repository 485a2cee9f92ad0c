/**
 * Purpose: finds and compiles every expression of a segment, with its location and the variables available there.
 * Owns: the root variables of each kind of location (the engine fills them in `engine/variables.ts`). Does not own: CEL.
 */
import { isLlmteamError, type Problem, type ProblemCode, problemCodes } from '@llmteam/contracts';
import type { CheckedExpression } from '../expressions/compiled-expression.js';
import type { RootName } from '../expressions/names.js';
import type { Work } from '../slices/slices.js';
import { type ConfigPlace, configPlaces } from './config-places.js';
import { asText, type Draft, type DraftEdge, type DraftStep } from './draft.js';
import type { DraftInnerStep } from './draft-inner-steps.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

/** The location of an expression, which determines the variables it can read. */
export type Reader =
  /** `inner`: the step within `step` that it configures; then `input` is what that is given. */
  | { readonly kind: 'config'; readonly step: DraftStep; readonly inner?: DraftStep }
  | { readonly kind: 'condition'; readonly edge: DraftEdge }
  | { readonly kind: 'output' };

export interface PlacedExpression {
  readonly pointer: string;
  /** The beginning of messages about the expression. */
  readonly subject: string;
  readonly reader: Reader;
  readonly expression: CheckedExpression;
}

/** A string marked `x-template`. */
export interface PlacedText {
  readonly pointer: string;
  readonly path: ConfigPlace['path'];
  readonly step: DraftStep;
  /** The names of its `{name}`. */
  readonly names: ReadonlySet<string>;
}

export interface SegmentExpressions {
  readonly placed: readonly PlacedExpression[];
  readonly texts: readonly PlacedText[];
  /** Expressions that do not compile. */
  readonly problems: readonly Problem[];
}

/** `loop` is available only inside loops, which depends on the graph and is checked separately. */
export const knownRoots: Readonly<Record<Reader['kind'], readonly RootName[]>> = {
  config: ['input', 'ports', 'run', 'steps', 'loop'],
  condition: ['value', 'run', 'steps', 'loop'],
  output: ['input', 'run', 'steps'],
};

export function* findExpressions(
  draft: Draft,
  innerSteps: readonly DraftInnerStep[],
  context: ValidationContext,
): Work<SegmentExpressions> {
  const finder = new ExpressionFinder(context);
  const output = asText(draft.value.output);
  if (output !== null) finder.add('/output', "segment, 'output'", { kind: 'output' }, output);
  for (const step of draft.steps) yield* finder.addConfig(step);
  for (const { outermost, step } of innerSteps) yield* finder.addConfig(outermost, step);
  for (const edge of draft.edges) {
    if (edge.condition === null) continue;
    yield;
    const pointer = `${edge.pointer}/condition`;
    finder.add(pointer, `${edge.subject}, condition`, { kind: 'condition', edge }, edge.condition);
  }
  return finder;
}

class ExpressionFinder implements SegmentExpressions {
  readonly placed: PlacedExpression[] = [];
  readonly texts: PlacedText[] = [];
  readonly problems: Problem[] = [];

  constructor(private readonly context: ValidationContext) {}

  add(pointer: string, subject: string, reader: Reader, source: string): void {
    try {
      const expression = this.context.compiler.expression(source);
      this.placed.push({ pointer, subject, reader, expression });
      if (reader.kind === 'condition') this.checkResult(pointer, subject, expression);
    } catch (thrown) {
      if (!isLlmteamError(thrown)) throw thrown;
      this.problems.push(error(codeOf(thrown.details?.problem), pointer, `${subject}: ${thrown.message}`));
    }
  }

  /** If the type is unknown, so are the config's CEL-marked members; its `${…}` templates are still checked. */
  *addConfig(step: DraftStep, inner?: DraftStep): Work<void> {
    const subject = `${(inner ?? step).subject}, config`;
    const reader: Reader = { kind: 'config', step, ...(inner !== undefined && { inner }) };
    for (const { value, pointer, path, schema } of configPlaces(inner ?? step, this.context)) {
      yield;
      if (typeof value !== 'string') continue;
      const { problems, expressions, names } = this.context.compiler.inspect(value, schema);
      for (const expression of expressions) this.placed.push({ pointer, subject, reader, expression });
      if (names !== null && inner === undefined) this.texts.push({ pointer, path, step, names });
      for (const { problem, message } of problems) {
        this.problems.push(error(codeOf(problem), pointer, `${subject}: ${message}`));
      }
    }
  }

  private checkResult(pointer: string, subject: string, { gives }: CheckedExpression): void {
    if (gives === 'any' || gives === 'bool') return;
    const message = `${subject}: it must give true or false, not a value of kind ${gives}`;
    this.problems.push(error('INVALID_EXPRESSION', pointer, message));
  }
}

function codeOf(problem: unknown): ProblemCode {
  return typeof problem === 'string' && problem in problemCodes ? (problem as ProblemCode) : 'INVALID_EXPRESSION';
}
