/**
 * A deterministic stand-in that needs no network, for examples, tests and first steps. Every answer is marked as not coming
 * from a model. Temperature, `max_tokens` and the like have no effect.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type JsonObject,
  JsonValue,
  type LanguageModel,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { cancellation } from '../cancellation.js';
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

export const offline: ModelProvider = {
  providerId: 'offline',
  description: 'A deterministic stand-in that needs no network and no API key. Its answers are marked `[offline]`.',
  config_schema: OfflineConfig as unknown as JsonObject,
  create: (config) => offlineModel(config as OfflineConfig),
};

function offlineModel(config: OfflineConfig): LanguageModel {
  const { model = 'offline', latency_ms = 0 } = config;
  return {
    provider: 'offline',
    model,
    async generate(request) {
      await wait(latency_ms, request.signal);
      const text = scripted(config, request) ?? generated(model, request);
      for (const word of text.match(/\s*\S+|\s+$/g) ?? []) request.onToken?.(word);
      return responseOf(model, request, text);
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
  return messages.findLast(({ role }) => role === 'user')?.content ?? '';
}

/** Distinguishes requests that have the same echo. */
function digest({ messages }: ModelRequest): string {
  return createHash('sha256')
    .update(JSON.stringify(messages.map(({ role, content }) => [role, content])))
    .digest('hex')
    .slice(0, 8);
}

/** Counts words as tokens. */
function responseOf(model: string, { messages }: ModelRequest, text: string): ModelResponse {
  const inputTokens = messages.reduce((sum, { content }) => sum + wordsOf(content), 0);
  const usage = { input_tokens: inputTokens, output_tokens: wordsOf(text) };
  return { text, model: `offline:${model}`, finish_reason: 'stop', usage };
}

function wordsOf(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
