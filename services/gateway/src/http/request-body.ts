/** Reading a body: bounded in bytes and time, UTF-8, and JSON that survives a round trip. */
import type { IncomingMessage } from 'node:http';
import { type Json, LlmteamError } from '@llmteam/contracts';
import { parse_json } from '@llmteam/kernel';

/**
 * The text of a JSON body; '' if there is none.
 * @throws LlmteamError `MEDIA_TYPE_UNSUPPORTED`, `REQUEST_TOO_LARGE`, `JSON_INVALID` if it is not UTF-8, `REQUEST_TIMEOUT` if it breaks off
 */
export async function read_text(request: IncomingMessage, max_bytes: number): Promise<string> {
  if (!has_body(request)) return '';
  check_type(request);
  const said = Number(request.headers['content-length'] ?? 0);
  if (said > max_bytes) throw too_large(max_bytes);
  const bytes = await read_bytes(request, max_bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LlmteamError('JSON_INVALID', 'the body is not UTF-8', { cause });
  }
}

/** @throws LlmteamError `JSON_INVALID` with line and column */
export function read_json(text: string, max_bytes: number): Json {
  return parse_json(text, { max_bytes });
}

export function has_body({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function check_type({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const is_utf8 = parameters.every(
    (parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-?8"?\s*$/.test(parameter),
  );
  if (type.trim() !== 'application/json' || !is_utf8) {
    throw new LlmteamError('MEDIA_TYPE_UNSUPPORTED', 'the body must be application/json in UTF-8');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new LlmteamError('MEDIA_TYPE_UNSUPPORTED', 'compressed bodies are not read');
  }
}

async function read_bytes(request: IncomingMessage, max_bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > max_bytes) throw too_large(max_bytes);
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof LlmteamError) throw thrown;
    throw new LlmteamError('REQUEST_TIMEOUT', 'the body broke off', { cause: thrown });
  }
  return Buffer.concat(chunks, size);
}

function too_large(max_bytes: number): LlmteamError {
  return new LlmteamError('REQUEST_TOO_LARGE', `the body is larger than ${max_bytes} bytes`);
}
