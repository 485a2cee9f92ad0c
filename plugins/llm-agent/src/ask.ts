import { cancellation, checkEnd } from '@llmteam/ai-sdk';
import {
  type Activity,
  isLlmteamError,
  type JsonObject,
  LlmteamError,
  type ModelRequest,
  type ModelResponse,
  type StepContext,
} from '@llmteam/contracts';
import { rejectEmpty, usageOf } from './answer-end.js';

interface Failure {
  readonly llm_ref: string;
  readonly error: LlmteamError;
}

interface Asking {
  /** In the order in which they are asked. */
  readonly llmRefs: readonly string[];
  readonly allowEmpty: boolean;
}

/**
 * Returns the answer of the first model that gives one, and counts the usage of every model.
 * @throws LlmteamError `LLM_FAILED` if any failure is recoverable, else `LLM_REFUSED`; `UNKNOWN_REF`, `CANCELLED`
 */
export async function ask(
  context: StepContext,
  { llmRefs, allowEmpty }: Asking,
  request: ModelRequest,
): Promise<ModelResponse> {
  const failures: Failure[] = [];
  for (const llmRef of llmRefs) {
    const model = context.llm(llmRef);
    const record = recorder(context, { action: 'llm_call', llm_ref: llmRef, model: model.model });
    try {
      const response = await model.generate(request);
      checkEnd(response);
      if (!allowEmpty) rejectEmpty(response);
      context.addUsage(response.usage);
      if (response.finish_reason === 'length') record('action.completed', cutOff);
      return response;
    } catch (thrown) {
      if (context.signal.aborted) throw cancellation(context.signal);
      const error = modelFailure(thrown);
      const usage = usageOf(error);
      if (usage !== undefined) context.addUsage(usage);
      failures.push({ llm_ref: llmRef, error });
      record('action.failed', { code: error.code, message: error.message });
    }
  }
  throw allFailed(failures);
}

/** Records activities with the time since now. */
function recorder(context: StepContext, about: JsonObject) {
  const started = performance.now();
  return (eventType: Activity['event_type'], more: JsonObject): void =>
    context.record({
      event_type: eventType,
      payload: { ...about, ...more },
      duration_ms: Math.round(performance.now() - started),
    });
}

const cutOff = { finish_reason: 'length', message: 'the answer was cut off at the maximum length (`max_tokens`)' };

/** Returns the error if another model may succeed; rethrows anything else. */
function modelFailure(thrown: unknown): LlmteamError {
  if (isLlmteamError(thrown) && (thrown.code === 'LLM_FAILED' || thrown.code === 'LLM_REFUSED')) return thrown;
  throw thrown;
}

/** A recoverable failure takes precedence, so that the step is retried as long as that can help. */
function allFailed(failures: readonly Failure[]): LlmteamError {
  const errors = failures.map(({ error }) => error);
  const decisive = errors.find(({ recoverable }) => recoverable) ?? errors.at(-1);
  if (decisive === undefined) return new LlmteamError('STEP_CONFIG_INVALID', 'llm_agent: no model is given');
  if (failures.length === 1) return decisive;
  const messages = failures.map(({ llm_ref, error }) => `${llm_ref}: ${error.message}`);
  const details: JsonObject = {
    ...decisive.details,
    failures: failures.map(({ llm_ref, error }) => ({ llm_ref, code: error.code, message: error.message })),
  };
  return new LlmteamError(decisive.code, `none of the ${failures.length} models answered: ${messages.join('; ')}`, {
    cause: decisive,
    details,
    recoverable: decisive.recoverable,
  });
}
