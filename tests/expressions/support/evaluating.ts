import { isLlmteamError, type Json, type JsonObject, type LlmteamError } from '@llmteam/contracts';
import { createExpressionCompiler, type Variables } from '@llmteam/kernel';

const outside: Variables = {
  run: { id: 'run-1', input: { topic: 'owls' }, segment_id: 'article_writer', tenant_id: 'acme' },
  step: () => undefined,
};

/** The variables of a fresh run, with overrides. */
export function variables(given: Partial<Variables> = {}): Variables {
  return { ...outside, ...given };
}

/** Variables where the given steps have fired the given ports. */
export function withSteps(steps: Readonly<Record<string, JsonObject>>): Variables {
  return variables({ step: (id) => (Object.hasOwn(steps, id) ? steps[id] : undefined) });
}

export function evaluate(source: string, given: Partial<Variables> = {}): Json {
  return createExpressionCompiler().expression(source).evaluate(variables(given));
}

/** The compilation error. */
export function refusal(source: string): LlmteamError {
  return errorOf(() => createExpressionCompiler().expression(source));
}

/** The evaluation error; compilation must succeed. */
export function failure(source: string, given: Partial<Variables> = {}): LlmteamError {
  const expression = createExpressionCompiler().expression(source);
  return errorOf(() => expression.evaluate(variables(given)));
}

export function errorOf(work: () => unknown): LlmteamError {
  try {
    work();
  } catch (thrown) {
    if (isLlmteamError(thrown)) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}
