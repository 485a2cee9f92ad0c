import { type GuardedFetch, type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { FetchAnswer, FetchRequest } from './isolate-messages.js';

/** The requests that code in an isolate has open, by the numbers of its questions. The bodies of responses are read piece by piece. */
export class FetchRelay {
  private readonly readers = new Map<number, ReadableStreamDefaultReader<Uint8Array>>();

  constructor(private readonly fetch: GuardedFetch) {}

  async send(id: number, request: FetchRequest, signal: AbortSignal): Promise<JsonObject> {
    const { url, client, method, headers, body, redirect } = request;
    const response = await this.fetch(String(url), {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      redirect,
      signal,
      ...(body !== null && { body: Buffer.from(body, 'base64') }),
      ...(client !== null && { client }),
    });
    return this.opened(id, response);
  }

  private opened(id: number, response: Response): JsonObject {
    const { status, statusText, headers, url, redirected, body } = response;
    if (body !== null) this.readers.set(id, body.getReader() as ReadableStreamDefaultReader<Uint8Array>);
    const answer: FetchAnswer = {
      status,
      status_text: statusText,
      headers: [...headers],
      url,
      redirected,
      has_body: body !== null,
    };
    return answer as unknown as JsonObject;
  }

  /** The next piece in base64; null at the end. @throws LlmteamError `HTTP_FAILED` */
  async read(id: number): Promise<Json> {
    const reader = this.readers.get(id);
    if (reader === undefined) throw new LlmteamError('HTTP_FAILED', 'the response is no longer open');
    const { value, done } = await reader.read();
    if (!done) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    this.readers.delete(id);
    return null;
  }

  cancel(id: number): void {
    const reader = this.readers.get(id);
    this.readers.delete(id);
    reader?.cancel().catch(() => undefined);
  }

  close(): void {
    for (const id of [...this.readers.keys()]) this.cancel(id);
  }
}
