import { type CelResult, isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import type { CompiledExpression, Reference, Variables, WorkBudget } from '../engine/expression.js';
import type { Parse } from './cel-syntax.js';
import { compileTerm } from './code.js';
import { cost } from './cost.js';
import { type Code, Evaluation, Failure } from './evaluation.js';
import { toJson } from './json.js';
import { checkKinds } from './kinds.js';
import { invalid, quoted } from './problem.js';
import { guardedStepsOf, referencesOf } from './references.js';
import { weightOf } from './term.js';
import { readTerm } from './term-reader.js';
import { described, type KindOrAny, withArticle } from './values.js';

/** A compiled expression with what is statically known about it. */
export interface CheckedExpression extends CompiledExpression {
  /** The steps it tests with `has()` anywhere. */
  readonly guardedSteps: ReadonlySet<string>;
  /** The kind of its value; `any` if that depends on the data. */
  readonly gives: KindOrAny;
  /** Like `evaluate`, but as part of a larger evaluation whose limits it shares. */
  evaluateIn(run: Evaluation): Json;
}

/** @throws ExpressionProblem */
export function compileExpression(source: string, parse: Parse): CheckedExpression {
  const term = readTerm(source, parse(source));
  const gives = checkKinds(term);
  const code = compileTerm(term);
  // A path returns existing JSON, so there is nothing to convert or measure.
  const compute = term.kind === 'path' ? (code as (run: Evaluation) => Json) : toJsonCode(code, term.offset);
  const price = cost.evaluation + weightOf(term) * cost.term;
  return checkedExpression(source, referencesOf(term), guardedStepsOf(term), gives, (run) => {
    run.charge(price, 0);
    return compute(run);
  });
}

function toJsonCode(code: Code, offset: number): (run: Evaluation) => Json {
  return (run) => toJson(run, code(run), offset);
}

function checkedExpression(
  source: string,
  references: readonly Reference[],
  guardedSteps: ReadonlySet<string>,
  gives: KindOrAny,
  compute: (run: Evaluation) => Json,
): CheckedExpression {
  const evaluateIn = (run: Evaluation): Json => {
    try {
      return compute(run);
    } catch (thrown) {
      throw evaluationError(source, thrown);
    }
  };
  const evaluate = (variables: Variables, budget?: WorkBudget) => evaluateIn(new Evaluation(variables, budget));
  return Object.freeze({ source, references, guardedSteps, gives, evaluate, evaluateIn });
}

/** The kind required by each `x-cel` result type. */
const requiredKinds: Readonly<Record<CelResult, KindOrAny>> = { any: 'any', boolean: 'bool', list: 'list' };

/** Makes an expression fail if its value is not of the required type. @throws ExpressionProblem if it can never be */
export function giving(expression: CheckedExpression, result: CelResult): CheckedExpression {
  const required = requiredKinds[result];
  const { source, references, guardedSteps, gives, evaluateIn } = expression;
  if (required === 'any' || gives === required) return expression;
  if (gives !== 'any') throw invalid(`must give ${withArticle(required)}, not ${withArticle(gives)}`, 0);
  return checkedExpression(source, references, guardedSteps, required, (run) => {
    const value = evaluateIn(run);
    const isValid = required === 'list' ? Array.isArray(value) : typeof value === 'boolean';
    if (isValid) return value;
    throw new Failure(`must give ${withArticle(required)}, not ${described(value)}`, 0);
  });
}

/** Converts anything thrown during evaluation to the error `evaluate` throws. */
export function evaluationError(source: string, thrown: unknown): unknown {
  if (isLlmteamError(thrown)) return thrown;
  const failure = thrown instanceof Failure ? thrown : new Failure('it exhausts the evaluator', 0);
  const { reason, position, code } = failure;
  const message = `expression ${quoted(source)} failed at ${position}: ${reason}`;
  return new LlmteamError(code, message, { cause: thrown, details: { expression: source, position } });
}
