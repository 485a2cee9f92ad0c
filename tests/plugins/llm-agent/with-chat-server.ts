import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Json, JsonObject, ModelRequest } from '@llmteam/contracts';
import { SecretRedactor } from '@llmteam/kernel';
import { openaiCompatible } from '@llmteam/llm-agent';
import { bodyOf, withHttpServer } from '../support/with-server.js';

export interface ChatCall {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject & { readonly messages?: Json; readonly stream?: Json };
}

export type ChatAnswer = (response: ServerResponse, call: ChatCall) => void | Promise<void>;

export const apiKey = 'sk-very-secret-key-0123456789';

/** A chat completions service on the loopback address, and a model that calls it. */
export async function withChatServer(
  answer: ChatAnswer,
  use: (ask: (request?: Partial<ModelRequest>) => ReturnType<typeof generate>, calls: ChatCall[]) => Promise<void>,
  config: JsonObject = {},
): Promise<void> {
  const calls: ChatCall[] = [];
  await withHttpServer(
    async (request, response) => {
      const body = JSON.parse(await bodyOf(request)) as JsonObject;
      const call = { url: request.url ?? '', headers: request.headers, body };
      calls.push(call);
      await answer(response, call);
    },
    (origin) => {
      const model = openaiCompatible.create({ base_url: `${origin}/v1`, model: 'test-1', api_key: apiKey, ...config });
      const redactor = new SecretRedactor();
      redactor.add([apiKey, ...Object.values((config.headers ?? {}) as Readonly<Record<string, string>>)]);
      const redact = (text: string): string => redactor.text(text);
      return use((request = {}) => generate(model, { redact, ...request }), calls);
    },
  );
}

function generate(
  model: ReturnType<typeof openaiCompatible.create>,
  request: Partial<ModelRequest> & Pick<ModelRequest, 'redact'>,
) {
  return model.generate({
    messages: [{ role: 'user', content: 'hello' }],
    signal: new AbortController().signal,
    idempotency_key: 'key',
    ...request,
  });
}

/** A complete response of the service with `content` and overrides. */
export function complete(response: ServerResponse, content: string, more: JsonObject = {}): void {
  response.setHeader('content-type', 'application/json');
  const choice = { index: 0, message: { role: 'assistant', content }, finish_reason: 'stop', ...more };
  const usage = { prompt_tokens: 11, completion_tokens: 22, total_tokens: 33 };
  response.end(
    JSON.stringify({ id: 'c', object: 'chat.completion', created: 1, model: 'test-1-0613', choices: [choice], usage }),
  );
}

/** One event of a stream. */
export function event(response: ServerResponse, data: JsonObject | string): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(eventText(data));
}

export function eventText(data: JsonObject | string): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

export function chunk(delta: JsonObject, finishReason: string | null = null): JsonObject {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'test-1-0613',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
}

/** A stream of these texts, terminated as the protocol requires. */
export function stream(response: ServerResponse, texts: readonly string[], finishReason = 'stop'): void {
  event(response, chunk({ role: 'assistant', content: '' }));
  for (const content of texts) event(response, chunk({ content }));
  event(response, chunk({}, finishReason));
  event(response, { ...chunk({}), choices: [], usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 } });
  event(response, '[DONE]');
  response.end();
}
