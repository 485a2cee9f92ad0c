import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';
import type { FetchAnswer } from './isolate-messages.js';

/** Responses whose bodies a handler reads piece by piece from inside an isolate, by the number of its question. */
export class RelayedResponses {
  private readonly readers = new Map<number, ReadableStreamDefaultReader<Uint8Array>>();

  add(id: number, response: Response): JsonObject {
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
