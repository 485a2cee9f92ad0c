import type { JsonObject } from '@llmteam/contracts';
import type { ExpressionCompiler } from '../engine/expression.js';
import { createParser } from './cel-syntax.js';
import { type CheckedExpression, compileExpression } from './compiled-expression.js';
import { type ConfigReading, readConfig } from './config-template.js';
import { compileError, ExpressionProblem, type ExpressionProblemCode } from './problem.js';

/** Something wrong with an expression of a config. */
interface ConfigProblem {
  readonly problem: ExpressionProblemCode;
  /** JSON Pointer within the config. */
  readonly pointer: string;
  readonly message: string;
  readonly expression: string;
  /** UTF-16 units from the start of the expression. */
  readonly position: number;
}

/** All expressions of a config with their places, and all that is wrong. */
interface ConfigInspection {
  readonly problems: readonly ConfigProblem[];
  readonly expressions: ConfigReading['expressions'];
}

/** The {@link ExpressionCompiler} of this folder: what it compiles can also be asked what is known before it runs. */
export interface CheckingCompiler extends ExpressionCompiler {
  expression(source: string): CheckedExpression;
  /** As `template`, for those who want every problem and not an error. */
  inspect(config: JsonObject, configSchema: JsonObject): ConfigInspection;
}

/** Expressions a compiler keeps; the one not asked for the longest goes first. */
const keptExpressions = 2_000;

/** A compiler with a cache of its own. Expressions it gave stay valid when the cache drops them. */
export function createExpressionCompiler(): CheckingCompiler {
  const parse = createParser();
  const kept = new Map<string, CheckedExpression>();

  const compile = (source: string): CheckedExpression => {
    const known = kept.get(source);
    const expression = known ?? compileExpression(source, parse);
    kept.delete(source);
    kept.set(source, expression);
    for (const oldest of kept.keys()) {
      if (kept.size <= keptExpressions) break;
      kept.delete(oldest);
    }
    return expression;
  };

  return {
    expression(source) {
      try {
        return compile(source);
      } catch (thrown) {
        throw thrown instanceof ExpressionProblem ? compileError(source, thrown) : thrown;
      }
    },
    template(config, configSchema) {
      const { problems, template } = readConfig(config, configSchema, compile);
      const [first] = problems;
      if (first !== undefined) throw compileError(first.source, first.problem, first.pointer);
      return template;
    },
    inspect(config, configSchema) {
      const { problems, expressions } = readConfig(config, configSchema, compile);
      return { problems: problems.map(configProblem), expressions };
    },
  };
}

function configProblem({ pointer, source, problem }: ConfigReading['problems'][number]): ConfigProblem {
  const { message } = compileError(source, problem);
  return { problem: problem.problem, pointer, message, expression: source, position: problem.position };
}
