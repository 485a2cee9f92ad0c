import type { Problem, ProblemCode } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import { child_pointer, split_pointer } from '../../json/json-pointer.js';
import type { ClosestName } from '../closest-name.js';
import { error as make_error, quoted } from '../wording.js';
import { type Words, words_of } from './error-words.js';

/** Where the checked value stands, and how its parts are called. */
export interface Scene {
  /** JSON Pointer of the checked value within the document. */
  readonly base: string;
  readonly closest: ClosestName;
  /** How messages begin, and how many tokens of the path within the checked value that name covers. */
  subject(tokens: readonly string[]): { readonly name: string; readonly depth: number };
  /** Another code than the usual; null: somebody else reports it. */
  code?(error: ErrorObject, usual: ProblemCode): ProblemCode | null;
}

/** Problems, in words, out of errors that {@link one_per_cause} has sorted out. */
export function schema_problems(errors: readonly ErrorObject[], scene: Scene): Problem[] {
  const said = errors.map((error) => ({ error, words: words_of(error, scene.closest) }));
  const misspelt = new Set(said.flatMap(({ error, words }) => meant_key(error, words)));
  const problems = new Map<string, Problem>();
  for (const { error, words } of said) {
    // A key that is only misspelt is not missing besides.
    const wanted = words.code === 'MISSING_FIELD' ? (words.keys ?? [words.key]) : [];
    if (wanted.some((key) => misspelt.has(`${error.instancePath} ${key}`))) continue;
    const code = scene.code === undefined ? words.code : scene.code(error, words.code);
    if (code === null) continue;
    const found = in_words(error, words, code, scene);
    const same = `${found.path} ${found.message}`;
    if (!problems.has(same)) problems.set(same, found);
  }
  return [...problems.values()];
}

function meant_key(error: ErrorObject, words: Words): string[] {
  const is_misspelt = words.code === 'UNKNOWN_FIELD' && words.suggestion !== undefined;
  return is_misspelt ? [`${error.instancePath} ${words.suggestion}`] : [];
}

function in_words(error: ErrorObject, words: Words, code: ProblemCode, scene: Scene): Problem {
  const tokens = split_pointer(error.instancePath);
  const { name, depth } = scene.subject(tokens);
  const rest = tokens.slice(depth);
  const whole = scene.base + error.instancePath;
  if (words.key === undefined) {
    const thing = rest.length === 0 ? name : `${name}: ${quoted(member_name(rest))}`;
    return make_error(code, whole, `${thing} ${words.text}`, words.suggestion);
  }
  const path = child_pointer(whole, words.key);
  if (words.code === 'UNKNOWN_FIELD') {
    const within = rest.length === 0 ? '' : ` in ${quoted(member_name(rest))}`;
    return make_error(code, path, `${name}: unknown key ${quoted(words.key)}${within}${words.text}`, words.suggestion);
  }
  return make_error(code, path, `${name}: ${quoted(member_name([...rest, words.key]))} ${words.text}`);
}

/** `cases[0].port` */
function member_name(tokens: readonly string[]): string {
  return tokens.map((token, at) => (/^\d+$/.test(token) ? `[${token}]` : `${at === 0 ? '' : '.'}${token}`)).join('');
}
