import type { ExpressionCompiler } from '../engine/expression.js';
import { createParser } from './cel-syntax.js';
import { type CheckedExpression, compileExpression } from './compiled-expression.js';
import { type ConfigReading, readConfig, readText } from './config-template.js';
import { compileError, ExpressionProblem, type ExpressionProblemCode } from './problem.js';
import type { SchemaView } from './schema-view.js';

interface TextProblem {
  readonly problem: ExpressionProblemCode;
  readonly message: string;
  readonly expression: string;
  /** Offset within the expression in UTF-16 code units. */
  readonly position: number;
}

/** All expressions of a string of a config, and all problems. */
interface TextInspection {
  readonly problems: readonly TextProblem[];
  readonly expressions: readonly CheckedExpression[];
  /** The names of its `{name}`; null if it is not marked `x-template`, or does not compile. */
  readonly names: ReadonlySet<string> | null;
}

/** An {@link ExpressionCompiler} whose expressions also expose what is statically known about them. */
export interface CheckingCompiler extends ExpressionCompiler {
  expression(source: string): CheckedExpression;
  /** Like `template` for one string, described by `schema`; returns all problems instead of throwing. */
  inspect(text: string, schema: SchemaView): TextInspection;
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
    inspect(text, schema) {
      const { problems, expressions, texts } = readText(text, schema, compile);
      return {
        problems: problems.map(textProblem),
        expressions: expressions.map((placed) => placed.expression),
        names: texts[0]?.names ?? null,
      };
    },
  };
}

function textProblem({ source, problem }: ConfigReading['problems'][number]): TextProblem {
  const { message } = compileError(source, problem);
  return { problem: problem.problem, message, expression: source, position: problem.position };
}
