import { type CelResult, isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import type { CompiledExpression, Reference, Variables } from '../engine/expression.js';
import type { Parse } from './cel-syntax.js';
import { compileTerm } from './code.js';
import { type Code, Evaluation, Failure } from './evaluation.js';
import { toJson } from './json.js';
import { checkKinds } from './kinds.js';
import { invalid, quoted } from './problem.js';
import { guardedStepsOf, referencesOf } from './references.js';
import { readTerm } from './term-reader.js';
import { described, type KindOrAny, withArticle } from './values.js';

/** A compiled expression, and what is known of it before it runs. */
export interface CheckedExpression extends CompiledExpression {
  /** The steps it asks for with `has()` somewhere. */
  readonly guardedSteps: ReadonlySet<string>;
  /** The kind of what it gives; `any` if that depends on the data. */
  readonly gives: KindOrAny;
  /** {@link CompiledExpression.evaluate} as a part of a larger evaluation, whose limits it shares. */
  evaluateIn(run: Evaluation): Json;
}

/** @throws ExpressionProblem */
export function compileExpression(source: string, parse: Parse): CheckedExpression {
  const term = readTerm(source, parse(source));
  const gives = checkKinds(term);
  const code = compileTerm(term);
  // A path gives JSON that is there already: nothing to convert, nothing to measure.
  const give = term.kind === 'path' ? (code as (run: Evaluation) => Json) : givingJson(code, term.offset);
  return checkedExpression(source, referencesOf(term), guardedStepsOf(term), gives, give);
}

function givingJson(code: Code, offset: number): (run: Evaluation) => Json {
  return (run) => toJson(code(run), offset);
}

function checkedExpression(
  source: string,
  references: readonly Reference[],
  guardedSteps: ReadonlySet<string>,
  gives: KindOrAny,
  give: (run: Evaluation) => Json,
): CheckedExpression {
  const evaluateIn = (run: Evaluation): Json => {
    try {
      return give(run);
    } catch (thrown) {
      throw evaluationError(source, thrown);
    }
  };
  const evaluate = (variables: Variables) => evaluateIn(new Evaluation(variables));
  return Object.freeze({ source, references, guardedSteps, gives, evaluate, evaluateIn });
}

/** What the config schema's `x-cel` wants of an expression's value. */
const wantedKinds: Readonly<Record<CelResult, KindOrAny>> = { any: 'any', boolean: 'bool', list: 'list' };

/** The expression, made to fail if its value is not what is wanted. @throws ExpressionProblem if it can never be. */
export function giving(expression: CheckedExpression, result: CelResult): CheckedExpression {
  const wanted = wantedKinds[result];
  const { source, references, guardedSteps, gives, evaluateIn } = expression;
  if (wanted === 'any' || gives === wanted) return expression;
  if (gives !== 'any') throw invalid(`must give ${withArticle(wanted)}, not ${withArticle(gives)}`, 0);
  return checkedExpression(source, references, guardedSteps, wanted, (run) => {
    const value = evaluateIn(run);
    const isWanted = wanted === 'list' ? Array.isArray(value) : typeof value === 'boolean';
    if (isWanted) return value;
    throw new Failure(`must give ${withArticle(wanted)}, not ${described(value)}`, 0);
  });
}

/** What `evaluate` throws for what was thrown within. */
export function evaluationError(source: string, thrown: unknown): unknown {
  if (isLlmteamError(thrown)) return thrown;
  const { reason, position } = thrown instanceof Failure ? thrown : new Failure('it exhausts the evaluator', 0);
  const message = `expression ${quoted(source)} failed at ${position}: ${reason}`;
  return new LlmteamError('EXPRESSION_FAILED', message, { cause: thrown, details: { expression: source, position } });
}
