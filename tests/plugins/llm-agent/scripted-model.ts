import type { Json, JsonObject, LanguageModel, ModelRequest, ModelResponse } from '@llmteam/contracts';
import { createExpressionCompiler } from '@llmteam/kernel';
import { type LlmAgentConfig, llmAgent } from '@llmteam/llm-agent';
import { fakeStepContext } from '../support/fake-step-context.js';

export interface ScriptedModel extends LanguageModel {
  readonly requests: ModelRequest[];
}

/** A model with scripted responses: a text, a full response, an error, or nothing until it is aborted. */
export function scriptedModel(answer: string | Partial<ModelResponse> | Error | 'hang'): ScriptedModel {
  const requests: ModelRequest[] = [];
  return {
    provider: 'scripted',
    model: 'scripted-1',
    requests,
    async generate(request) {
      requests.push(request);
      if (answer === 'hang') return untilAborted(request.signal);
      if (answer instanceof Error) throw answer;
      const response = typeof answer === 'string' ? { text: answer } : answer;
      request.onToken?.(response.text ?? '');
      const usage = { input_tokens: 3, output_tokens: 5 };
      return { text: '', model: 'scripted-1', finish_reason: 'stop', usage, ...response };
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true }),
  );
}

type Config = Omit<LlmAgentConfig, 'llm_ref'>;

/** Fills in prompts as a worker does. */
function evaluateAs(config: LlmAgentConfig, input: Json): (pointer: string) => Json {
  const { config_schema } = llmAgent.metadata;
  const { expressions } = createExpressionCompiler().template(config as unknown as JsonObject, config_schema);
  const run = { id: 'run-1', input: null, segment_id: 'segment', tenant_id: 'tenant' };
  return (pointer) => expressions.get(pointer)?.evaluate({ input, run, step: () => undefined }) ?? null;
}

/** One attempt of `llmAgent`; `model` is the one that `llm_ref` refers to. */
export async function runAgent(
  model: ScriptedModel,
  more: Config = {},
  input: Json = 'question',
  others: Record<string, ScriptedModel> = {},
  secrets: readonly string[] = [],
) {
  const config = { llm_ref: 'main', ...more };
  const evaluate = evaluateAs(config, input);
  const { context, traces } = fakeStepContext({ llms: { main: model, ...others }, evaluate, secrets });
  const ports = await llmAgent.run(context, config, input);
  return { output: ports.output, traces, ports };
}
