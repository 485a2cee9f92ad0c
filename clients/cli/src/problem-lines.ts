import { isLlmteamError, type Problem } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';
import { type Colours, makeColours, severityColour } from './colours.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

/** A problem of a file; beyond those of segments, that it is not JSON. */
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

/** The one problem of a text that is not JSON. @throws what was thrown, if it says something else */
export function notJson(file: string, thrown: unknown): FileProblem {
  if (!isLlmteamError(thrown) || thrown.code !== 'JSON_INVALID') throw thrown;
  const { line, column } = thrown.details ?? {};
  const place = typeof line === 'number' ? { line } : {};
  const across = typeof column === 'number' ? { column } : {};
  return { file, severity: 'error', code: 'JSON_INVALID', message: thrown.message, ...place, ...across };
}

/** `FILE:line: error CODE message`, as editors and compilers have it. */
export function problemLine(problem: FileProblem, colours: Colours): string {
  const { file, severity, code, message, line, column, suggestion } = problem;
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  const hint = suggestion === undefined || message.includes(suggestion) ? '' : ` (did you mean '${suggestion}'?)`;
  const what = severityColour(severity, colours)(severity);
  return `${colours.bold(plainText(place))}: ${what} ${code} ${plainText(message)}${hint}`;
}

/** Without warnings if nobody wants them. */
export function noteProblems(problems: readonly FileProblem[], { quiet, colours, streams }: Settings): void {
  const told = quiet ? problems.filter(({ severity }) => severity === 'error') : problems;
  for (const problem of told) streams.note(problemLine(problem, makeColours(colours.stderr)));
}

export function hasErrors(problems: readonly FileProblem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** How to begin, for those who run their first segment; null: there is nothing to say. */
export function firstSteps(problems: readonly FileProblem[], { path }: Config): string | null {
  const unknown = problems.find(({ code, path: place }) => code === 'UNKNOWN_REF' && place?.endsWith('/llm_ref'));
  const name = /no llm_ref '([^']+)'/.exec(unknown?.message ?? '')?.[1];
  if (path !== null || name === undefined) return null;
  const example = JSON.stringify({ llms: { [name]: { provider: 'offline' } } });
  return `There is no llmteam.config.json. To try the segment without a model, write one with: ${example}`;
}
