/** Chat completions, as OpenAI and many others speak it. */
import type { JsonObject } from '@llmteam/contracts';
import { openai, openaiCompatible } from '@llmteam/llm-agent';
import { event, type Protocol, piecesOf, type WireAnswer } from './wire-service.js';

function chunk(delta: JsonObject, finishReason: string | null = null): JsonObject {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'test-1-0613', choices };
}

const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 3 },
};

function deltas(answer: WireAnswer): JsonObject[] {
  const { reasoning = [], text = [], calls = [] } = answer;
  const begun = calls.map(({ id, name }, index) => ({
    tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
  }));
  return [
    { role: 'assistant', content: '' },
    ...reasoning.map((piece) => ({ reasoning_content: piece })),
    ...text.map((piece) => ({ content: piece })),
    ...begun,
    ...piecesOf(answer).map(({ place, piece }) => ({ tool_calls: [{ index: place, function: { arguments: piece } }] })),
  ];
}

function events(answer: WireAnswer): string[] {
  return [
    ...deltas(answer).map((delta) => event(chunk(delta))),
    event(chunk({}, answer.end)),
    ...(answer.hasUsage === false ? [] : [event({ ...chunk({}), choices: [], usage })]),
    event('[DONE]'),
  ];
}

function whole({ reasoning = [], text = [], calls = [], end, hasUsage }: WireAnswer): JsonObject {
  const message = {
    role: 'assistant',
    content: text.length === 0 ? null : text.join(''),
    ...(reasoning.length > 0 && { reasoning_content: reasoning.join('') }),
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, pieces }) => ({
        id,
        type: 'function',
        function: { name, arguments: pieces.join('') },
      })),
    }),
  };
  const choices = [{ index: 0, message, finish_reason: end }];
  return {
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'test-1-0613',
    choices,
    ...(hasUsage !== false && { usage }),
  };
}

const shared = {
  path: '/v1/chat/completions',
  keyHeader: 'authorization',
  events,
  whole,
  error: (message: string) => ({ error: { message, type: 'x', code: null } }),
};

export const chat: Protocol = {
  ...shared,
  name: 'openai-compatible',
  provider: openaiCompatible,
  config: { model: 'test-1' },
};

export const openaiChat: Protocol = {
  ...shared,
  name: 'openai, chat',
  provider: openai,
  config: { model: 'gpt-4.1', api: 'chat' },
};
