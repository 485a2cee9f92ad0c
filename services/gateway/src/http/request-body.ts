/** Reads request bodies: limited in size and time, UTF-8, and JSON that survives a round trip. */
import type { IncomingMessage } from 'node:http';
import { isLlmteamError, type Json, LlmteamError } from '@llmteam/contracts';
import { parseJson } from '@llmteam/kernel';

/** In bytes; white space included. */
const longestEmptyObject = 64;

/**
 * The text of a JSON body; '' if there is none. `goOn` is called before the body is read.
 * @throws LlmteamError `MEDIA_TYPE_UNSUPPORTED`, `REQUEST_TOO_LARGE`, `JSON_INVALID` if it is not UTF-8, `REQUEST_TIMEOUT` if it is cut short
 */
export async function readText(request: IncomingMessage, maxBytes: number, goOn: () => void): Promise<string> {
  if (!hasBody(request)) return '';
  checkType(request);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  goOn();
  const bytes = await readBytes(request, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new LlmteamError('JSON_INVALID', 'the body is not UTF-8', { cause });
  }
}

/** @throws LlmteamError `JSON_INVALID` with line and column */
export function readJson(text: string, maxBytes: number): Json {
  return parseJson(text, { maxBytes });
}

/** Whether the body is `{}`, which clients send that always send JSON. `goOn` is called before it is read. */
export async function isEmptyObject(request: IncomingMessage, goOn: () => void): Promise<boolean> {
  try {
    return /^\s*\{\s*\}\s*$/.test(await readText(request, longestEmptyObject, goOn));
  } catch (thrown) {
    if (isLlmteamError(thrown)) return false;
    throw thrown;
  }
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function checkType({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const isUtf8 = parameters.every(
    (parameter) => !/^\s*charset\s*=/.test(parameter) || /=\s*"?utf-?8"?\s*$/.test(parameter),
  );
  if (type.trim() !== 'application/json' || !isUtf8) {
    throw new LlmteamError('MEDIA_TYPE_UNSUPPORTED', 'the body must be application/json in UTF-8');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new LlmteamError('MEDIA_TYPE_UNSUPPORTED', 'compressed bodies are not supported');
  }
}

async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof LlmteamError) throw thrown;
    throw new LlmteamError('REQUEST_TIMEOUT', 'the body ended before it was complete', { cause: thrown });
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(maxBytes: number): LlmteamError {
  return new LlmteamError('REQUEST_TOO_LARGE', `the body is larger than ${maxBytes} bytes`);
}
