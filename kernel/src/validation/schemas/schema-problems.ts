import type { Problem, ProblemCode } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { childPointer, splitPointer } from '../../json/json-pointer.js';
import type { ClosestName } from '../closest-name.js';
import { error as makeError, quoted } from '../wording.js';
import { type Words, wordsOf } from './error-words.js';

/** Where the checked value is in its document, and how messages name its parts. */
export interface Scene {
  /** JSON Pointer of the checked value within the document. */
  readonly base: string;
  readonly closest: ClosestName;
  /** The name that messages begin with, and how many tokens of the path within the checked value it covers. */
  subject(tokens: readonly string[]): { readonly name: string; readonly depth: number };
  /** Overrides the usual code; null if another rule reports the error. */
  code?(error: ErrorObject, usual: ProblemCode): ProblemCode | null;
}

/** Turns errors reduced by {@link onePerCause} into problems. */
export function schemaProblems(errors: readonly ErrorObject[], scene: Scene): Problem[] {
  const said = errors.map((error) => ({ error, words: wordsOf(error, scene.closest) }));
  const misspelt = new Set(said.flatMap(({ error, words }) => meantKey(error, words)));
  const problems = new Map<string, Problem>();
  for (const { error, words } of said) {
    // A misspelt key is not also reported as missing.
    const wanted = words.code === 'MISSING_FIELD' ? (words.keys ?? [words.key]) : [];
    if (wanted.some((key) => misspelt.has(`${error.instancePath} ${key}`))) continue;
    const code = scene.code === undefined ? words.code : scene.code(error, words.code);
    if (code === null) continue;
    const found = inWords(error, words, code, scene);
    const same = `${found.path} ${found.message}`;
    if (!problems.has(same)) problems.set(same, found);
  }
  return [...problems.values()];
}

function meantKey(error: ErrorObject, words: Words): string[] {
  const isMisspelt = words.code === 'UNKNOWN_FIELD' && words.suggestion !== undefined;
  return isMisspelt ? [`${error.instancePath} ${words.suggestion}`] : [];
}

function inWords(error: ErrorObject, words: Words, code: ProblemCode, scene: Scene): Problem {
  const tokens = splitPointer(error.instancePath);
  const { name, depth } = scene.subject(tokens);
  const rest = tokens.slice(depth);
  const whole = scene.base + error.instancePath;
  if (words.key === undefined) {
    const thing = rest.length === 0 ? name : `${name}: ${quoted(memberName(rest))}`;
    return makeError(code, whole, `${thing} ${words.text}`, words.suggestion);
  }
  const path = childPointer(whole, words.key);
  if (words.code === 'UNKNOWN_FIELD') {
    const within = rest.length === 0 ? '' : ` in ${quoted(memberName(rest))}`;
    return makeError(code, path, `${name}: unknown key ${quoted(words.key)}${within}${words.text}`, words.suggestion);
  }
  return makeError(code, path, `${name}: ${quoted(memberName([...rest, words.key]))} ${words.text}`);
}

/** `cases[0].port` */
function memberName(tokens: readonly string[]): string {
  return tokens
    .map((token, offset) => (/^\d+$/.test(token) ? `[${token}]` : `${offset === 0 ? '' : '.'}${token}`))
    .join('');
}
