import { isLlmteamError, type Problem } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';
import { type Colours, makeColours, severityColour } from './colours.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

/** A problem of a segment file, including invalid JSON. */
export interface FileProblem {
  readonly file: string;
  readonly severity: Problem['severity'];
  readonly code: Problem['code'] | 'JSON_INVALID';
  readonly message: string;
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
  readonly suggestion?: string;
}

/** Converts a JSON syntax error to a problem. @throws any other error unchanged */
export function notJson(file: string, thrown: unknown): FileProblem {
  if (!isLlmteamError(thrown) || thrown.code !== 'JSON_INVALID') throw thrown;
  const { line, column } = thrown.details ?? {};
  const place = typeof line === 'number' ? { line } : {};
  const across = typeof column === 'number' ? { column } : {};
  return { file, severity: 'error', code: 'JSON_INVALID', message: thrown.message, ...place, ...across };
}

/** `FILE:line: error CODE message`, the format of compilers that editors understand. */
export function problemLine(problem: FileProblem, colours: Colours): string {
  const { file, severity, code, message, line, column, suggestion } = problem;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const hint = suggestion === undefined || message.includes(suggestion) ? '' : ` (did you mean '${suggestion}'?)`;
  const what = severityColour(severity, colours)(severity);
  return `${colours.bold(plainText(place))}: ${what} ${code} ${plainText(message)}${hint}`;
}

/** Prints problems on stderr; `--quiet` suppresses warnings. */
export function noteProblems(problems: readonly FileProblem[], { quiet, colours, streams }: Settings): void {
  const shown = quiet ? problems.filter(({ severity }) => severity === 'error') : problems;
  for (const problem of shown) streams.note(problemLine(problem, makeColours(colours.stderr)));
}

export function hasErrors(problems: readonly FileProblem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** A hint for first-time users without a configuration; null if it does not apply. */
export function firstStepsHint(problems: readonly FileProblem[], { path }: Config): string | null {
  const unknown = problems.find(({ code, path: place }) => code === 'UNKNOWN_REF' && place?.endsWith('/llm_ref'));
  const name = /no llm_ref '([^']+)'/.exec(unknown?.message ?? '')?.[1];
  if (path !== null || name === undefined) return null;
  const example = JSON.stringify({ llms: { [name]: { provider: 'offline' } } });
  return `No llmteam.config.json found. To try the segment without a model, create one with: ${example}`;
}
