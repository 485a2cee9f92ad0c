import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { type Json, LlmteamError, parseBoundedJson } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';
import type { Limits } from './limits.js';

export interface ResponseBody {
  readonly value: Json;
  /** As received, before decompression. */
  readonly bytes: number;
}

/** @throws LlmteamError `HTTP_RESPONSE_INVALID`; connection errors unchanged. */
export async function readBody(
  response: Dispatcher.ResponseData,
  as: 'json' | 'text',
  place: string,
  limits: Limits,
): Promise<ResponseBody> {
  const received = await receive(response, place, limits);
  const content = await decompress(received, response.headers['content-encoding'], place, limits);
  const text = decode(content, as, response.headers['content-type'], place);
  return { value: as === 'text' ? text : parse(text, place), bytes: received.length };
}

/** Drops the connection instead of waiting for a body that nobody reads. */
export function discardBody(response: Dispatcher.ResponseData): void {
  response.body.on('error', ignore).destroy();
}

function ignore(): void {
  // Destroying a body early emits an error on it, as expected.
}

async function receive(response: Dispatcher.ResponseData, place: string, limits: Limits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (announcesBodyItCannotHave(response)) discardBody(response);
  else {
    // Throwing out of the loop destroys the body, and with it the connection.
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.responseBytes) throw invalid(place, `is larger than ${limits.responseBytes} bytes`);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}

/** 204 and 304 have no body (RFC 9110, section 6.4.1): waiting for one would fail. */
function announcesBodyItCannotHave({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return (statusCode === 204 || statusCode === 304) && Number(headers['content-length'] ?? 0) > 0;
}

const decompressors = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: promisify(inflate),
};
/** Some servers send `deflate` without the zlib header. */
const rawDeflate = promisify(inflateRaw);

async function decompress(
  received: Buffer,
  header: string | string[] | undefined,
  place: string,
  limits: Limits,
): Promise<Buffer> {
  const coding = String(header ?? 'identity')
    .trim()
    .toLowerCase();
  if (received.length === 0 || coding === 'identity' || coding === '') return received;
  if (!isCoding(coding)) throw invalid(place, 'has a content encoding that is not gzip, deflate or br');
  const hasNoHeader = coding === 'deflate' && ((received[0] ?? 0) & 0x0f) !== 8;
  const decompressor = hasNoHeader ? rawDeflate : decompressors[coding];
  try {
    return await decompressor(received, { maxOutputLength: limits.decompressedBytes });
  } catch (cause) {
    const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    const problem = tooLarge
      ? `is larger than ${limits.decompressedBytes} bytes when decompressed`
      : `is not ${coding}`;
    throw invalid(place, problem, cause);
  }
}

function isCoding(name: string): name is keyof typeof decompressors {
  return Object.hasOwn(decompressors, name);
}

/** JSON must be UTF-8 (RFC 8259, section 8.1); text may declare its charset and is decoded leniently. */
function decode(
  content: Buffer,
  as: 'json' | 'text',
  contentType: string | string[] | undefined,
  place: string,
): string {
  try {
    if (as === 'json') return new TextDecoder('utf-8', { fatal: true }).decode(content);
    return new TextDecoder(charsetOf(contentType)).decode(content);
  } catch (cause) {
    throw invalid(place, as === 'json' ? 'is not UTF-8' : 'has an unknown charset', cause);
  }
}

function charsetOf(contentType: string | string[] | undefined): string {
  return /;\s*charset="?([^";\s]+)/i.exec(String(contentType ?? ''))?.[1] ?? 'utf-8';
}

function parse(text: string, place: string): Json {
  if (text.trim() === '') return null;
  try {
    return parseBoundedJson(text);
  } catch (cause) {
    // The parser's own message quotes the text, which may be sensitive.
    const problem = cause instanceof SyntaxError ? 'it is not JSON' : String((cause as Error).message);
    throw invalid(place, `cannot be used: ${problem}`, cause);
  }
}

function invalid(place: string, problem: string, cause?: unknown): LlmteamError {
  return new LlmteamError('HTTP_RESPONSE_INVALID', `the response of ${place} ${problem}`, { cause });
}
