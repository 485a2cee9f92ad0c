/** The Messages API of Anthropic. */
import type { JsonObject } from '@llmteam/contracts';
import { anthropic } from '@llmteam/llm-agent';
import { event, type Protocol, type WireAnswer } from './wire-service.js';

const stopReasons = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' };
/** Tokens from the cache are not among `input_tokens` here. */
const inputUsage = { input_tokens: 7, cache_read_input_tokens: 4, cache_creation_input_tokens: 0 };

interface Block {
  readonly begun: JsonObject;
  readonly deltas: readonly JsonObject[];
  readonly done: JsonObject;
}

function blocksOf({ reasoning = [], text = [], calls = [] }: WireAnswer): Block[] {
  const thinking: Block = {
    begun: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...reasoning.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature: 'sealed' },
    ],
    done: { type: 'thinking', thinking: reasoning.join(''), signature: 'sealed' },
  };
  const prose: Block = {
    begun: { type: 'text', text: '' },
    deltas: text.map((piece) => ({ type: 'text_delta', text: piece })),
    done: { type: 'text', text: text.join('') },
  };
  const uses = calls.map(({ id, name, pieces }): Block => {
    const use = { type: 'tool_use', id, name };
    return {
      begun: { ...use, input: {} },
      deltas: pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
      done: { ...use, input: JSON.parse(pieces.join('') || '{}') as JsonObject },
    };
  });
  return [...(reasoning.length > 0 ? [thinking] : []), ...(text.length > 0 ? [prose] : []), ...uses];
}

function message(content: JsonObject[], more: JsonObject): JsonObject {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-test-1',
    content,
    stop_sequence: null,
    ...more,
  };
}

function events(answer: WireAnswer): string[] {
  const usage = { ...inputUsage, output_tokens: 1 };
  const data: JsonObject[] = [
    { type: 'message_start', message: message([], { stop_reason: null, usage }) },
    { type: 'ping' },
    ...blocksOf(answer).flatMap(({ begun, deltas }, index): JsonObject[] => [
      { type: 'content_block_start', index, content_block: begun },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: stopReasons[answer.end], stop_sequence: null },
      usage: { output_tokens: 7 },
    },
    { type: 'message_stop' },
  ];
  return data.map((one) => event(one, String(one.type)));
}

function whole(answer: WireAnswer): JsonObject {
  const content = blocksOf(answer).map(({ done }) => done);
  const usage = { ...inputUsage, output_tokens: 7 };
  return message(content, { stop_reason: stopReasons[answer.end], usage });
}

export const messages: Protocol = {
  name: 'anthropic',
  provider: anthropic,
  path: '/v1/messages',
  keyHeader: 'x-api-key',
  config: { model: 'claude-opus-4-6' },
  events,
  whole,
  error: (text) => ({ type: 'error', error: { type: 'invalid_request_error', message: text } }),
};
