import { caps, isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import type { Variables, WorkBudget } from '../engine/expression.js';
import { type CheckedExpression, evaluationError } from './compiled-expression.js';
import { Evaluation } from './evaluation.js';
import { jsonBytes } from './json.js';

/** A config value or a part of a string: either fixed, or filled in from the variables. */
export type Part = { readonly kind: 'fixed'; readonly value: Json } | FilledPart;

export interface FilledPart {
  readonly kind: 'filled';
  readonly fill: (filling: Filling) => Json;
}

/** The state of resolving a config once. */
export class Filling {
  readonly evaluation: Evaluation;
  #bytesLeft: number = caps.value_bytes;

  constructor(variables: Variables, budget?: WorkBudget) {
    this.evaluation = new Evaluation(variables, budget);
  }

  /** Charges the size of a value that becomes part of the config. */
  add(value: Json): void {
    this.#bytesLeft -= jsonBytes(this.evaluation, value, this.#bytesLeft, 0);
  }
}

/** Evaluates a `${…}`. */
export function fillValue(expression: CheckedExpression, pointer: string): (filling: Filling) => Json {
  return (filling) => {
    try {
      const value = expression.evaluateIn(filling.evaluation);
      filling.add(value);
      return value;
    } catch (thrown) {
      throw withPointer(evaluationError(expression.source, thrown), pointer);
    }
  };
}

function withPointer(error: unknown, pointer: string): unknown {
  if (!isLlmteamError(error) || error.code !== 'EXPRESSION_FAILED') return error;
  const details = { ...error.details, pointer };
  return new LlmteamError('EXPRESSION_FAILED', `${pointer}: ${error.message}`, { cause: error.cause, details });
}

/** Concatenates fixed text and values: strings verbatim, others as JSON. */
export function fillText(parts: readonly Part[]): (filling: Filling) => string {
  return (filling) => {
    const texts = parts.map((part) => spliced(part.kind === 'fixed' ? part.value : part.fill(filling)));
    return texts.join('');
  };
}

/** A value as part of a text. */
export function spliced(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
