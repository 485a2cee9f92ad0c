import { cel_keyword, literal_keyword } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { split_template } from '../../expressions/template-text.js';
import { asked_keys } from './causes.js';

/**
 * Whether what a config is blamed for is a `${…}`, whose value only a run knows; the engine checks the config again then.
 * A text that is more than one `${…}` stays a string whatever comes in.
 */
export function template_excuse(error: ErrorObject): boolean {
  if (error.keyword === 'if') return asks_for_template(error);
  if (error.keyword === 'false schema' || is_taken_literally(error)) return false;
  const kind = template_kind(error.data);
  if (kind === 'none') return false;
  const is_about_type = ['type', 'anyOf', 'oneOf'].includes(error.keyword);
  return !is_about_type || kind === 'whole';
}

/** An `if` on a value that is not known yet decides nothing. */
function asks_for_template(error: ErrorObject): boolean {
  const data: unknown = error.data;
  if (typeof data !== 'object' || data === null) return false;
  return asked_keys(error).some((key) => Object.hasOwn(data, key) && template_kind(Reflect.get(data, key)) !== 'none');
}

function is_taken_literally({ parentSchema = {} }: ErrorObject): boolean {
  return cel_keyword in parentSchema || literal_keyword in parentSchema;
}

/** `whole`: one `${…}` and nothing else, so that the value may be of any type. */
function template_kind(value: unknown): 'none' | 'part' | 'whole' {
  if (typeof value !== 'string' || !value.includes('${')) return 'none';
  try {
    const pieces = split_template(value);
    if (pieces.every((piece) => piece.kind === 'text')) return 'none';
    return pieces.length === 1 ? 'whole' : 'part';
  } catch {
    // A `${` without an end is told of as an expression; no second problem here.
    return 'whole';
  }
}
