import { caps, is_llmteam_error, type Json, LlmteamError } from '@llmteam/contracts';
import type { Variables } from '../engine/expression.js';
import { type CheckedExpression, evaluation_error } from './compiled-expression.js';
import { Evaluation } from './evaluation.js';
import { json_bytes } from './json.js';

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
    this.#room -= json_bytes(value, this.#room, 0);
  }
}

/** The value of a `${…}`. */
export function fill_value(expression: CheckedExpression, pointer: string): (filling: Filling) => Json {
  return (filling) => {
    try {
      const value = expression.evaluate_in(filling.evaluation);
      filling.add(value);
      return value;
    } catch (thrown) {
      throw placed_error(evaluation_error(expression.source, thrown), pointer);
    }
  };
}

function placed_error(error: unknown, pointer: string): unknown {
  if (!is_llmteam_error(error) || error.code !== 'EXPRESSION_FAILED') return error;
  const details = { ...error.details, pointer };
  return new LlmteamError('EXPRESSION_FAILED', `${pointer}: ${error.message}`, { cause: error.cause, details });
}

/** Text with values spliced in: strings as they are, others as JSON text. */
export function fill_text(parts: readonly Part[]): (filling: Filling) => string {
  return (filling) => {
    const texts = parts.map((part) => {
      const value = part.kind === 'fixed' ? part.value : part.fill(filling);
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
    return texts.join('');
  };
}
