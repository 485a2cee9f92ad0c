import { celKeyword, literalKeyword } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { splitTemplate } from '../../expressions/template-text.js';
import { askedKeys } from './causes.js';

/**
 * Whether an error may disappear once a `${…}` in the config is resolved; the engine checks the config again in the run.
 * A text with anything besides a single `${…}` always resolves to a string.
 */
export function templateExcuse(error: ErrorObject): boolean {
  if (error.keyword === 'if') return asksForTemplate(error);
  if (error.keyword === 'false schema' || isTakenLiterally(error)) return false;
  const kind = templateKind(error.data);
  if (kind === 'none') return false;
  const isAboutType = ['type', 'anyOf', 'oneOf'].includes(error.keyword);
  return !isAboutType || kind === 'whole';
}

/** An `if` that tests an unresolved value proves nothing. */
function asksForTemplate(error: ErrorObject): boolean {
  const data: unknown = error.data;
  if (typeof data !== 'object' || data === null) return false;
  return askedKeys(error).some((key) => Object.hasOwn(data, key) && templateKind(Reflect.get(data, key)) !== 'none');
}

function isTakenLiterally({ parentSchema = {} }: ErrorObject): boolean {
  return celKeyword in parentSchema || literalKeyword in parentSchema;
}

/** `whole`: one `${…}` and nothing else, so that the value may be of any type. */
function templateKind(value: unknown): 'none' | 'part' | 'whole' {
  if (typeof value !== 'string' || !value.includes('${')) return 'none';
  try {
    const pieces = splitTemplate(value);
    if (pieces.every((piece) => piece.kind === 'text')) return 'none';
    return pieces.length === 1 ? 'whole' : 'part';
  } catch {
    // An unterminated `${` is reported as an expression problem, so not again here.
    return 'whole';
  }
}
