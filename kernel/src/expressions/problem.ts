import { type JsonObject, LlmteamError } from '@llmteam/contracts';

export type ExpressionProblemCode = 'INVALID_EXPRESSION' | 'UNKNOWN_VARIABLE' | 'LIMIT_EXCEEDED';

/** A static problem of an expression. `position` counts UTF-16 units from the start of its source. */
export class ExpressionProblem extends Error {
  constructor(
    readonly problem: ExpressionProblemCode,
    readonly reason: string,
    readonly position: number,
  ) {
    super(reason);
    this.name = 'ExpressionProblem';
  }
}

export function invalid(reason: string, position: number): ExpressionProblem {
  return new ExpressionProblem('INVALID_EXPRESSION', reason, position);
}

/** Formats an expression for messages: on one line, truncated. */
export function quoted(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ');
  return `"${line.length > 120 ? `${line.slice(0, 119)}…` : line}"`;
}

/** The error for an expression that does not compile; `pointer` is its JSON Pointer within a config. */
export function compileError(source: string, problem: ExpressionProblem, pointer?: string): LlmteamError {
  const details: JsonObject = {
    problem: problem.problem,
    expression: source.slice(0, 4_096),
    position: problem.position,
    ...(pointer === undefined ? {} : { pointer }),
  };
  const where = pointer === undefined ? '' : `${pointer}: `;
  const what =
    problem.problem === 'LIMIT_EXCEEDED' ? '' : `expression ${quoted(source)} is invalid at ${problem.position}: `;
  return new LlmteamError('SEGMENT_INVALID', `${where}${what}${problem.reason}`, { details });
}
