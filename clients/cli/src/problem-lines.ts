import { isLlmteamError, type Problem } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';
import { type Colours, makeColours, severityColour } from './colours.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

/** A problem of a segment file, including invalid syntax. */
export interface FileProblem {
  readonly file: string;
  readonly severity: Problem['severity'];
  readonly code: Problem['code'] | 'JSON_INVALID' | 'YAML_INVALID';
  readonly message: string;
  readonly path?: string;
  readonly line?: number;
  readonly column?: number;
  readonly suggestion?: string;
}

const syntaxErrors = ['JSON_INVALID', 'YAML_INVALID'] as const;

/** What to do about syntax that JSON does not have, by its name in `details.syntax`. */
const advice: ReadonlyMap<unknown, string> = new Map([
  ['comment', 'name the file .jsonc'],
  ['trailing_comma', 'remove it, or name the file .jsonc'],
  ['yaml', 'name the file .yaml'],
]);

/** Converts a syntax error of a segment file to a problem. @throws any other error unchanged */
export function unreadable(file: string, thrown: unknown): FileProblem {
  const code = isLlmteamError(thrown) ? syntaxErrors.find((one) => one === thrown.code) : undefined;
  if (!isLlmteamError(thrown) || code === undefined) throw thrown;
  const { line, column, syntax } = thrown.details ?? {};
  const place = typeof line === 'number' ? { line } : {};
  const across = typeof column === 'number' ? { column } : {};
  const hint = advice.get(syntax);
  const message = hint === undefined ? thrown.message : `${thrown.message}; ${hint}`;
  return { file, severity: 'error', code, message, ...place, ...across };
}

/** A referenced segment is found by file name but stored by id, so both must match. */
export function mismatch(file: string, ref: string, segmentId: string): FileProblem {
  const message = `the file is referenced by segment_ref '${ref}', but its segment_id is '${segmentId}'`;
  return { file, severity: 'error', code: 'INVALID_REFERENCE', message, path: '/segment_id' };
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
