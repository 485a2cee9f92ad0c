import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { JsonObject, LanguageModel, ModelProvider, ModelRequest, ProviderContext } from '@llmteam/contracts';
import { SecretRedactor } from '@llmteam/kernel';
import { bodyOf, withHttpServer } from '../../support/with-server.js';

/** The service is the test's, so every request is allowed. */
const context: ProviderContext = { fetch: (input, options) => fetch(input, options) };

export const apiKey = 'sk-very-secret-key-0123456789';

/** An answer, in pieces as a model writes them. */
export interface WireAnswer {
  readonly reasoning?: readonly string[];
  readonly text?: readonly string[];
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly pieces: readonly string[] }[];
  /** Whether the pieces of the calls come in turn. */
  readonly isInterleaved?: boolean;
  readonly end: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** Default: 11 tokens, 4 of them cached, and 7, 3 of them reasoning. */
  readonly hasUsage?: boolean;
}

/** How a service writes answers, and who reads them. */
export interface Protocol {
  readonly name: string;
  readonly provider: ModelProvider;
  /** The path of requests below the base URL; the same for streams unless `streamPath` says otherwise. */
  readonly path: string;
  readonly streamPath?: string;
  /** The header with the key. */
  readonly keyHeader: string;
  readonly config: JsonObject;
  /** The events of a stream, each with the empty line after it. */
  readonly events: (answer: WireAnswer) => readonly string[];
  readonly whole: (answer: WireAnswer) => JsonObject;
  readonly error: (message: string) => JsonObject;
}

export interface WireCall {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  readonly isStream: boolean;
}

export type Respond = (response: ServerResponse, call: WireCall) => void | Promise<void>;
type Ask = (request?: Partial<ModelRequest>) => ReturnType<LanguageModel['generate']>;

/** A service on the loopback address, and a model that calls it. */
export async function withService(
  protocol: Protocol,
  respond: Respond,
  use: (ask: Ask, calls: readonly WireCall[]) => Promise<void>,
  config: JsonObject = {},
): Promise<void> {
  const calls: WireCall[] = [];
  await withHttpServer(
    async (request, response) => {
      const url = request.url ?? '';
      const body = JSON.parse(await bodyOf(request)) as JsonObject;
      const call = { url, headers: request.headers, body, isStream: body.stream === true || url.includes('alt=sse') };
      calls.push(call);
      await respond(response, call);
    },
    (origin) => {
      const model = protocol.provider.create(configOf(protocol, origin, config), context);
      const redactor = new SecretRedactor();
      redactor.add([apiKey]);
      return use((request = {}) => model.generate({ ...requestOf((text) => redactor.text(text)), ...request }), calls);
    },
  );
}

export function configOf(protocol: Protocol, origin: string, config: JsonObject = {}): JsonObject {
  return { base_url: `${origin}/v1`, api_key: apiKey, ...protocol.config, ...config };
}

function requestOf(redact: ModelRequest['redact']): ModelRequest {
  return {
    messages: [{ role: 'user', content: 'hello' }],
    signal: new AbortController().signal,
    idempotency_key: 'key',
    redact,
  };
}

/** Answers as the request asks: with a stream, or at once. */
export function answering(protocol: Protocol, answer: WireAnswer): Respond {
  return (response, { isStream }) => {
    response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
    response.end(isStream ? protocol.events(answer).join('') : JSON.stringify(protocol.whole(answer)));
  };
}

export function event(data: JsonObject | string, type?: string): string {
  const named = type === undefined ? '' : `event: ${type}\n`;
  return `${named}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}

/** The pieces of several calls: one call after the other, or in turn. */
export function piecesOf({ calls = [], isInterleaved = false }: WireAnswer) {
  const pieces = calls.flatMap(({ pieces: own }, place) => own.map((piece, turn) => ({ place, turn, piece })));
  return isInterleaved ? pieces.sort((one, other) => one.turn - other.turn) : pieces;
}
