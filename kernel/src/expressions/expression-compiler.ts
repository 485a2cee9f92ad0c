import type { JsonObject } from '@llmteam/contracts';
import type { ExpressionCompiler } from '../engine/expression.js';
import { createParser } from './cel-syntax.js';
import { type CheckedExpression, compileExpression } from './compiled-expression.js';
import { type ConfigReading, readConfig } from './config-template.js';
import { compileError, ExpressionProblem, type ExpressionProblemCode } from './problem.js';

interface ConfigProblem {
  readonly problem: ExpressionProblemCode;
  /** JSON Pointer within the config. */
  readonly pointer: string;
  readonly message: string;
  readonly expression: string;
  /** Offset within the expression in UTF-16 code units. */
  readonly position: number;
}

/** All expressions of a config with their JSON Pointers, and all problems. */
interface ConfigInspection {
  readonly problems: readonly ConfigProblem[];
  readonly expressions: ConfigReading['expressions'];
  readonly texts: ConfigReading['texts'];
}

/** An {@link ExpressionCompiler} whose expressions also expose what is statically known about them. */
export interface CheckingCompiler extends ExpressionCompiler {
  expression(source: string): CheckedExpression;
  /** Like `template`, but returns all problems instead of throwing. */
  inspect(config: JsonObject, configSchema: JsonObject): ConfigInspection;
}

/** Entries in a compiler's LRU cache. */
const maxCachedExpressions = 2_000;

/** Creates a compiler with its own cache. Expressions stay valid after the cache drops them. */
export function createExpressionCompiler(): CheckingCompiler {
  const parse = createParser();
  const cache = new Map<string, CheckedExpression>();

  const compile = (source: string): CheckedExpression => {
    const expression = cache.get(source) ?? compileExpression(source, parse);
    cache.delete(source);
    cache.set(source, expression);
    for (const oldest of cache.keys()) {
      if (cache.size <= maxCachedExpressions) break;
      cache.delete(oldest);
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
      const { problems, expressions, texts } = readConfig(config, configSchema, compile);
      return { problems: problems.map(configProblem), expressions, texts };
    },
  };
}

function configProblem({ pointer, source, problem }: ConfigReading['problems'][number]): ConfigProblem {
  const { message } = compileError(source, problem);
  return { problem: problem.problem, pointer, message, expression: source, position: problem.position };
}
