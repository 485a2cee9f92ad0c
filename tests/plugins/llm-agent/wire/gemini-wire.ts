/** The Gemini API of Google. */
import type { JsonObject } from '@llmteam/contracts';
import { google } from '@llmteam/llm-agent';
import { event, type Protocol, type WireAnswer } from './wire-service.js';

const finishReasons = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', content_filter: 'SAFETY' };
const usageMetadata = {
  promptTokenCount: 11,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 4,
  thoughtsTokenCount: 3,
  totalTokenCount: 18,
};

/** A call comes as a whole; the first has the signature of the thoughts. */
function partsOf({ reasoning = [], text = [], calls = [] }: WireAnswer): JsonObject[] {
  return [
    ...reasoning.map((piece) => ({ text: piece, thought: true })),
    ...text.map((piece) => ({ text: piece })),
    ...calls.map(({ id, name, pieces }, place) => ({
      functionCall: { id, name, args: JSON.parse(pieces.join('') || '{}') as JsonObject },
      ...(place === 0 && { thoughtSignature: 'sealed' }),
    })),
  ];
}

function reply(parts: JsonObject[], more: JsonObject, answer: WireAnswer): JsonObject {
  const candidates = [{ content: { role: 'model', parts }, index: 0, ...more }];
  const tail = answer.hasUsage === false ? {} : { usageMetadata };
  return { candidates, ...('finishReason' in more && tail), modelVersion: 'gemini-test-001', responseId: 'r1' };
}

export const gemini: Protocol = {
  name: 'google',
  provider: google,
  path: '/v1/models/gemini-3-pro:generateContent',
  streamPath: '/v1/models/gemini-3-pro:streamGenerateContent?alt=sse',
  keyHeader: 'x-goog-api-key',
  config: { model: 'gemini-3-pro' },
  events: (answer) => [
    ...partsOf(answer).map((part) => event(reply([part], {}, answer))),
    event(reply([{ text: '' }], { finishReason: finishReasons[answer.end] }, answer)),
  ],
  whole: (answer) => reply(partsOf(answer), { finishReason: finishReasons[answer.end] }, answer),
  error: (message) => ({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } }),
};
