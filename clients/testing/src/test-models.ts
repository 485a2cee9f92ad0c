import {
  type JsonObject,
  type LanguageModel,
  type ModelRequest,
  type ModelResponse,
  messageText,
} from '@llmteam/contracts';
import { type HostedProvider, hostedProvider, ownStanding } from '@llmteam/kernel';
import { testOutbound } from './test-outbound.js';

/** A model of a test: what it answers, or a model of a provider. */
export type TestModel =
  | string
  | LanguageModel
  | ((request: ModelRequest) => string | ModelResponse | Promise<string | ModelResponse>);

const providerId = 'test';

/** A provider that makes the models of a test, and the entries of `llms` that lead to it. */
export function testModels(models: Readonly<Record<string, TestModel>>): {
  readonly provider: HostedProvider;
  readonly llms: Readonly<Record<string, JsonObject & { readonly provider: string }>>;
} {
  return {
    provider: hostedProvider(
      {
        providerId,
        description: 'The models of a test.',
        config_schema: { type: 'object', properties: { ref: { type: 'string' } } },
        create: ({ ref }) => modelOf(models[String(ref)] as TestModel),
      },
      { standing: ownStanding(providerId), declared: [], outbound: testOutbound(undefined) },
    ),
    llms: Object.fromEntries(Object.keys(models).map((ref) => [ref, { provider: providerId, ref }])),
  };
}

function modelOf(given: TestModel): LanguageModel {
  if (typeof given === 'object') return given;
  const answer = typeof given === 'string' ? () => given : given;
  return {
    provider: providerId,
    model: providerId,
    async generate(request) {
      const response = await answer(request);
      if (typeof response !== 'string') return response;
      request.onToken?.(response);
      return { text: response, model: providerId, finish_reason: 'stop', usage: usageOf(request, response) };
    },
  };
}

/** One token per word. */
function usageOf({ messages }: ModelRequest, response: string): ModelResponse['usage'] {
  const words = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length;
  return { input_tokens: words(messages.map(messageText).join(' ')), output_tokens: words(response) };
}
