import type { Problem, ProblemCode } from '@llmteam/contracts';

const longestShown = 64;

/** Quotes a name for a message, truncated if it is long. */
export function quoted(name: string): string {
  return name.length > longestShown ? `'${name.slice(0, longestShown)}…'` : `'${name}'`;
}

/** `'a', 'b' or 'c'`; long lists end in `…`. */
export function listed(names: readonly string[], last = 'or', longest = 12): string {
  if (names.length > longest) return `${names.slice(0, longest).map(quoted).join(', ')} …`;
  const shown = names.map(quoted);
  const end = shown.pop() ?? '';
  return shown.length === 0 ? end : `${shown.join(', ')} ${last} ${end}`;
}

/** `, did you mean 'x'?`, else the list of known names, else an empty string. */
export function hint(suggestion: string | undefined, known: readonly string[] = [], intro = 'known are'): string {
  if (suggestion !== undefined) return `, did you mean ${quoted(suggestion)}?`;
  return known.length === 0 ? '' : `; ${intro} ${listed(known, 'and')}`;
}

export function problem(
  severity: Problem['severity'],
  code: ProblemCode,
  path: string,
  message: string,
  suggestion?: string,
): Problem {
  const plain = { severity, code, message, path };
  return suggestion === undefined ? plain : { ...plain, suggestion };
}

/** `problem('error', …)` */
export function error(code: ProblemCode, path: string, message: string, suggestion?: string): Problem {
  return problem('error', code, path, message, suggestion);
}
