import { type JsonObject, LlmteamError } from '@llmteam/contracts';

export type ExpressionProblemCode = 'INVALID_EXPRESSION' | 'UNKNOWN_VARIABLE' | 'LIMIT_EXCEEDED';

/** What is wrong with an expression as written. `position` counts UTF-16 units from the start of its text. */
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

/** An expression as messages show it. */
export function quoted(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ');
  return `"${line.length > 120 ? `${line.slice(0, 119)}…` : line}"`;
}

/** The error of an expression that cannot be compiled; `pointer` says where in a config it stands. */
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
