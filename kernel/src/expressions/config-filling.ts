import { caps, isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import type { Variables } from '../engine/expression.js';
import { type CheckedExpression, evaluationError } from './compiled-expression.js';
import { Evaluation } from './evaluation.js';
import { jsonBytes } from './json.js';

/** A value of a config, or a part of a string: known as written, or filled in from the variables. */
export type Part = { readonly kind: 'fixed'; readonly value: Json } | FilledPart;

export interface FilledPart {
  readonly kind: 'filled';
  readonly fill: (filling: Filling) => Json;
}

/** One filling-in of a config. */
export class Filling {
  readonly evaluation: Evaluation;
  #room: number = caps.value_bytes;

  constructor(variables: Variables) {
    this.evaluation = new Evaluation(variables);
  }

  /** Counts a value that becomes a part of the config. */
  add(value: Json): void {
    this.#room -= jsonBytes(value, this.#room, 0);
  }
}

/** The value of a `${…}`. */
export function fillValue(expression: CheckedExpression, pointer: string): (filling: Filling) => Json {
  return (filling) => {
    try {
      const value = expression.evaluateIn(filling.evaluation);
      filling.add(value);
      return value;
    } catch (thrown) {
      throw placedError(evaluationError(expression.source, thrown), pointer);
    }
  };
}

function placedError(error: unknown, pointer: string): unknown {
  if (!isLlmteamError(error) || error.code !== 'EXPRESSION_FAILED') return error;
  const details = { ...error.details, pointer };
  return new LlmteamError('EXPRESSION_FAILED', `${pointer}: ${error.message}`, { cause: error.cause, details });
}

/** Text with values spliced in: strings as they are, others as JSON text. */
export function fillText(parts: readonly Part[]): (filling: Filling) => string {
  return (filling) => {
    const texts = parts.map((part) => {
      const value = part.kind === 'fixed' ? part.value : part.fill(filling);
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
    return texts.join('');
  };
}
