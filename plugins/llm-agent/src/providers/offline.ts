/**
 * A deterministic stand-in that needs no network, for examples, tests and first steps. Every answer is marked as not coming
 * from a model. `max_tokens` cuts them off as it does a model's; temperature and the like have no effect.
 */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { cancellation } from '@llmteam/ai-sdk';
import {
  type JsonObject,
  JsonRecord,
  JsonValue,
  type LanguageModel,
  type ModelProvider,
  type ModelRequest,
  type ModelResponse,
  messageText,
  type ToolCall,
} from '@llmteam/contracts';
import { type Static, Type } from 'typebox';
import { offlineInstance } from './offline-instance.js';

const strict = { additionalProperties: false } as const;
const match = Type.String({
  description: 'A substring of the last message of a user or a tool. The first matching entry is used.',
});
const call = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      description: 'The tool; a script may name one that does not exist, as models do.',
    }),
    arguments: Type.Optional(
      Type.Union([JsonRecord, Type.String()], {
        default: {},
        description: 'The arguments; a string is sent as it is, whether or not it is JSON.',
      }),
    ),
  },
  strict,
);

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
          Type.Object(
            {
              match,
              tool_calls: Type.Array(call, {
                minItems: 1,
                description: 'Calls of tools. Left out if the model is given no tools.',
              }),
            },
            strict,
          ),
        ]),
        {
          description: 'Scripted answers, e.g. for the iterations of a critic loop, or for an agent that calls tools.',
        },
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
      const script = scripted(config, request);
      if (script !== undefined && 'tool_calls' in script) return callsOf(model, request, script.tool_calls);
      const whole = script === undefined ? generated(model, request) : scriptedText(script);
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

type Script = NonNullable<OfflineConfig['responses']>[number];
type ScriptedCalls = Extract<Script, { tool_calls: unknown }>['tool_calls'];

function scripted({ responses = [] }: OfflineConfig, request: ModelRequest): Script | undefined {
  const question = lastQuestion(request);
  const mayCall = request.tool_choice !== 'none' && (request.tools ?? []).length > 0;
  return responses.find((script) => question.includes(script.match) && (mayCall || !('tool_calls' in script)));
}

function scriptedText(script: Exclude<Script, { tool_calls: unknown }>): string {
  return 'text' in script ? `[offline] ${script.text}` : JSON.stringify(script.json);
}

/** Ids count the calls of the conversation, so the same conversation has the same ids. */
function callsOf(model: string, request: ModelRequest, scripts: ScriptedCalls): ModelResponse {
  const before = request.messages.flatMap((message) =>
    message.role === 'assistant' ? (message.tool_calls ?? []) : [],
  );
  const calls = scripts.map(
    ({ name, arguments: given = {} }, place): ToolCall => ({
      call_id: `call_${before.length + place + 1}`,
      name,
      arguments: typeof given === 'string' ? given : JSON.stringify(given),
    }),
  );
  const written = calls.map(({ name, arguments: text }) => `${name} ${text}`).join(' ');
  const { usage, ...answer } = responseOf(model, request, { text: '', isCut: false });
  return {
    ...answer,
    tool_calls: calls,
    finish_reason: 'tool_calls',
    usage: { ...usage, output_tokens: wordsOf(written) },
  };
}

function generated(model: string, request: ModelRequest): string {
  if (request.output_schema !== undefined) return JSON.stringify(offlineInstance(request.output_schema));
  const echo = lastQuestion(request).replaceAll(/\s+/g, ' ').trim().slice(0, echoedCharacters);
  if (request.json === true) return JSON.stringify({ offline: true, model, echo });
  return `[offline ${model}] ${echo} (${digest(request)})`;
}

function lastQuestion({ messages }: ModelRequest): string {
  const question = messages.findLast(({ role }) => role === 'user' || role === 'tool');
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
