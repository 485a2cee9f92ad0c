import { type CelResult, is_llmteam_error, type Json, LlmteamError } from '@llmteam/contracts';
import type { CompiledExpression, Reference, Variables } from '../engine/expression.js';
import type { Parse } from './cel-syntax.js';
import { compile_term } from './code.js';
import { type Code, Evaluation, Failure } from './evaluation.js';
import { to_json } from './json.js';
import { check_kinds } from './kinds.js';
import { invalid, quoted } from './problem.js';
import { guarded_steps_of, references_of } from './references.js';
import { read_term } from './term-reader.js';
import { described, type KindOrAny, with_article } from './values.js';

/** A compiled expression, and what is known of it before it runs. */
export interface CheckedExpression extends CompiledExpression {
  /** The steps it asks for with `has()` somewhere. */
  readonly guarded_steps: ReadonlySet<string>;
  /** The kind of what it gives; `any` if that depends on the data. */
  readonly gives: KindOrAny;
  /** {@link CompiledExpression.evaluate} as a part of a larger evaluation, whose limits it shares. */
  evaluate_in(run: Evaluation): Json;
}

/** @throws ExpressionProblem */
export function compile_expression(source: string, parse: Parse): CheckedExpression {
  const term = read_term(source, parse(source));
  const gives = check_kinds(term);
  const code = compile_term(term);
  // A path gives JSON that is there already: nothing to convert, nothing to measure.
  const give = term.kind === 'path' ? (code as (run: Evaluation) => Json) : giving_json(code, term.at);
  return checked_expression(source, references_of(term), guarded_steps_of(term), gives, give);
}

function giving_json(code: Code, at: number): (run: Evaluation) => Json {
  return (run) => to_json(code(run), at);
}

function checked_expression(
  source: string,
  references: readonly Reference[],
  guarded_steps: ReadonlySet<string>,
  gives: KindOrAny,
  give: (run: Evaluation) => Json,
): CheckedExpression {
  const evaluate_in = (run: Evaluation): Json => {
    try {
      return give(run);
    } catch (thrown) {
      throw evaluation_error(source, thrown);
    }
  };
  const evaluate = (variables: Variables) => evaluate_in(new Evaluation(variables));
  return Object.freeze({ source, references, guarded_steps, gives, evaluate, evaluate_in });
}

/** What the config schema's `x-cel` wants of an expression's value. */
const wanted_kinds: Readonly<Record<CelResult, KindOrAny>> = { any: 'any', boolean: 'bool', list: 'list' };

/** The expression, made to fail if its value is not what is wanted. @throws ExpressionProblem if it can never be. */
export function giving(expression: CheckedExpression, result: CelResult): CheckedExpression {
  const wanted = wanted_kinds[result];
  const { source, references, guarded_steps, gives, evaluate_in } = expression;
  if (wanted === 'any' || gives === wanted) return expression;
  if (gives !== 'any') throw invalid(`must give ${with_article(wanted)}, not ${with_article(gives)}`, 0);
  return checked_expression(source, references, guarded_steps, wanted, (run) => {
    const value = evaluate_in(run);
    const is_wanted = wanted === 'list' ? Array.isArray(value) : typeof value === 'boolean';
    if (is_wanted) return value;
    throw new Failure(`must give ${with_article(wanted)}, not ${described(value)}`, 0);
  });
}

/** What `evaluate` throws for what was thrown within. */
export function evaluation_error(source: string, thrown: unknown): unknown {
  if (is_llmteam_error(thrown)) return thrown;
  const { reason, position } = thrown instanceof Failure ? thrown : new Failure('it exhausts the evaluator', 0);
  const message = `expression ${quoted(source)} failed at ${position}: ${reason}`;
  return new LlmteamError('EXPRESSION_FAILED', message, { cause: thrown, details: { expression: source, position } });
}
