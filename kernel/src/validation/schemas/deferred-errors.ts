import { celKeyword, literalKeyword, templateKeyword } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { splitTemplate } from '../../expressions/template-text.js';
import { conditionKeys } from './causes.js';
import { templatePattern } from './pattern-words.js';

/**
 * Whether an error may disappear once a `${…}` in the config is resolved; the engine checks the config again in the run.
 * A text with anything besides a single `${…}` always resolves to a string.
 */
export function isDeferredByTemplate(error: ErrorObject): boolean {
  if (error.keyword === 'if') return dependsOnTemplate(error);
  const marks = error.parentSchema ?? {};
  if (error.keyword === 'false schema' || celKeyword in marks || templateKeyword in marks) return false;
  // Text around a `${…}` makes it a string for good.
  if (marks.pattern === templatePattern) return false;
  const kind = templateKind(error.data);
  if (kind === 'none') return false;
  // Another rule refuses the `${…}` itself.
  if (literalKeyword in marks) return true;
  const isAboutType = ['type', 'anyOf', 'oneOf'].includes(error.keyword);
  return !isAboutType || kind === 'whole';
}

/** An `if` that tests an unresolved value proves nothing. */
function dependsOnTemplate(error: ErrorObject): boolean {
  const data: unknown = error.data;
  if (typeof data !== 'object' || data === null) return false;
  return conditionKeys(error).some(
    (key) => Object.hasOwn(data, key) && templateKind(Reflect.get(data, key)) !== 'none',
  );
}

/** `whole`: a single `${…}` and nothing else, so the value may have any type. */
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
