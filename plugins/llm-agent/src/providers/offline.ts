/**
 * A deterministic stand-in that needs no network, for examples, tests and first steps. Every answer is marked as not coming
 * from a model. `max_tokens` cuts them off as it does a model's; temperature and the like have no effect.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { cancellation } from '@llmteam/ai-sdk';
import {
  type JsonObject,
  JsonValue,
  type LanguageModel,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  messageText,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { offlineInstance } from './offline-instance.js';

const strict = { additionalProperties: false } as const;
const match = Type.String({ description: 'A substring of the last user message. The first matching entry is used.' });

const OfflineConfig = Type.Object(
  {
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 128, default: 'offline' })),
    latency_ms: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 600_000,
        default: 0,
        description: 'Delay before the answer, in milliseconds.',
      }),
    ),
    responses: Type.Optional(
      Type.Array(
        Type.Union([
          Type.Object({ match, text: Type.String({ description: 'The answer, prefixed with `[offline]`.' }) }, strict),
          Type.Object({ match, json: { ...JsonValue, description: 'The exact answer.' } }, strict),
        ]),
        { description: 'Scripted answers, e.g. for the iterations of a critic loop.' },
      ),
    ),
  },
  strict,
);
type OfflineConfig = Static<typeof OfflineConfig>;

const echoedCharacters = 160;

export const offline = {
  providerId: 'offline',
  description: 'A deterministic stand-in that needs no network and no API key. Its answers are marked `[offline]`.',
  config_schema: OfflineConfig as unknown as JsonObject,
  create: (config) => offlineModel(config as OfflineConfig),
} satisfies ModelProvider;

function offlineModel(config: OfflineConfig): LanguageModel {
  const { model = 'offline', latency_ms = 0 } = config;
  return {
    provider: 'offline',
    model,
    async generate(request) {
      await wait(latency_ms, request.signal);
      const whole = scripted(config, request) ?? generated(model, request);
      const text = cut(whole, request.max_tokens);
      for (const word of text.match(/\s*\S+|\s+$/g) ?? []) request.onToken?.(word);
      return responseOf(model, request, { text, isCut: text !== whole });
    },
  };
}

async function wait(latencyMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw cancellation(signal);
  if (latencyMs === 0) return;
  await delay(latencyMs, undefined, { signal }).catch(() => {
    throw cancellation(signal);
  });
}

function scripted({ responses = [] }: OfflineConfig, request: ModelRequest): string | undefined {
  const question = lastQuestion(request);
  const found = responses.find((response) => question.includes(response.match));
  if (found === undefined) return undefined;
  return 'text' in found ? `[offline] ${found.text}` : JSON.stringify(found.json);
}

function generated(model: string, request: ModelRequest): string {
  if (request.output_schema !== undefined) return JSON.stringify(offlineInstance(request.output_schema));
  const echo = lastQuestion(request).replaceAll(/\s+/g, ' ').trim().slice(0, echoedCharacters);
  if (request.json === true) return JSON.stringify({ offline: true, model, echo });
  return `[offline ${model}] ${echo} (${digest(request)})`;
}

function lastQuestion({ messages }: ModelRequest): string {
  const question = messages.findLast(({ role }) => role === 'user');
  return question === undefined ? '' : messageText(question);
}

/** Distinguishes requests that have the same echo. */
function digest({ messages }: ModelRequest): string {
  return createHash('sha256')
    .update(JSON.stringify(messages.map(({ role, content }) => [role, content])))
    .digest('hex')
    .slice(0, 8);
}

/** At most so many words; a long one, such as JSON without blanks, counts as several. */
function cut(text: string, maxTokens: number | undefined): string {
  const tokens = text.match(/\s*\S{1,16}/gu) ?? [];
  return maxTokens === undefined || tokens.length <= maxTokens ? text : tokens.slice(0, maxTokens).join('');
}

interface Answer {
  readonly text: string;
  readonly isCut: boolean;
}

/** Counts words as tokens. An answer that was cut off has used up what it had. */
function responseOf(model: string, { messages, max_tokens }: ModelRequest, { text, isCut }: Answer): ModelResponse {
  const input = messages.reduce((sum, message) => sum + wordsOf(messageText(message)), 0);
  const output = isCut ? max_tokens : undefined;
  return {
    text,
    model: `offline:${model}`,
    finish_reason: isCut ? 'length' : 'stop',
    usage: { input_tokens: input, output_tokens: output ?? wordsOf(text) },
  };
}

function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
