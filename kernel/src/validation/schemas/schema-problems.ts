import type { Problem, ProblemCode } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { childPointer, splitPointer } from '../../json/json-pointer.js';
import type { ClosestName } from '../closest-name.js';
import { error as makeError, quoted } from '../wording.js';
import { describeError, type ErrorDescription } from './error-descriptions.js';

/** Where the checked value is in its document, and how messages name its parts. */
export interface ValueContext {
  /** JSON Pointer of the validated value within the document. */
  readonly base: string;
  readonly closest: ClosestName;
  /** The name that messages begin with, and how many tokens of the path within the checked value it covers. */
  subject(tokens: readonly string[]): { readonly name: string; readonly depth: number };
  /** Overrides the usual code; null if another rule reports the error. */
  code?(error: ErrorObject, usual: ProblemCode): ProblemCode | null;
}

/** Turns errors reduced by {@link onePerCause} into problems. */
export function schemaProblems(errors: readonly ErrorObject[], context: ValueContext): Problem[] {
  const described = errors.map((error) => ({ error, description: describeError(error, context.closest) }));
  const misspelled = new Set(described.flatMap(({ error, description }) => intendedKey(error, description)));
  const problems = new Map<string, Problem>();
  for (const { error, description } of described) {
    // A misspelled key is not also reported as missing.
    const wanted = description.code === 'MISSING_FIELD' ? (description.keys ?? [description.key]) : [];
    if (wanted.some((key) => misspelled.has(`${error.instancePath} ${key}`))) continue;
    const code = context.code === undefined ? description.code : context.code(error, description.code);
    if (code === null) continue;
    const found = toProblem(error, description, code, context);
    const key = `${found.path} ${found.message}`;
    if (!problems.has(key)) problems.set(key, found);
  }
  return [...problems.values()];
}

function intendedKey(error: ErrorObject, description: ErrorDescription): string[] {
  const isMisspelled = description.code === 'UNKNOWN_FIELD' && description.suggestion !== undefined;
  return isMisspelled ? [`${error.instancePath} ${description.suggestion}`] : [];
}

function toProblem(
  error: ErrorObject,
  description: ErrorDescription,
  code: ProblemCode,
  context: ValueContext,
): Problem {
  const tokens = splitPointer(error.instancePath);
  const { name, depth } = context.subject(tokens);
  const rest = tokens.slice(depth);
  const pointer = context.base + error.instancePath;
  if (description.key === undefined) {
    const subject = rest.length === 0 ? name : `${name}: ${quoted(memberName(rest))}`;
    return makeError(code, pointer, `${subject} ${description.text}`, description.suggestion);
  }
  const path = childPointer(pointer, description.key);
  if (description.code === 'UNKNOWN_FIELD') {
    const within = rest.length === 0 ? '' : ` in ${quoted(memberName(rest))}`;
    return makeError(
      code,
      path,
      `${name}: unknown key ${quoted(description.key)}${within}${description.text}`,
      description.suggestion,
    );
  }
  return makeError(code, path, `${name}: ${quoted(memberName([...rest, description.key]))} ${description.text}`);
}

/** `cases[0].port` */
function memberName(tokens: readonly string[]): string {
  return tokens
    .map((token, index) => (/^\d+$/.test(token) ? `[${token}]` : `${index === 0 ? '' : '.'}${token}`))
    .join('');
}
