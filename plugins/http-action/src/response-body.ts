import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { type Json, LlmteamError, parse_bounded_json } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';
import type { Limits } from './limits.js';

export interface ResponseBody {
  readonly value: Json;
  /** As received, before decompression. */
  readonly bytes: number;
}

/** @throws LlmteamError `HTTP_RESPONSE_INVALID`; what the connection throws. */
export async function read_body(
  response: Dispatcher.ResponseData,
  as: 'json' | 'text',
  place: string,
  limits: Limits,
): Promise<ResponseBody> {
  const received = await receive(response, place, limits);
  const content = await decompress(received, response.headers['content-encoding'], place, limits);
  const text = decode(content, as, response.headers['content-type'], place);
  return { value: as === 'text' ? text : parse(text, place, limits), bytes: received.length };
}

/** Gives the connection up, so that nobody waits for a body that nobody reads. */
export function discard_body(response: Dispatcher.ResponseData): void {
  response.body.on('error', ignore).destroy();
}

function ignore(): void {
  // Destroying a body before its end is an error of that body; it is what was wanted.
}

async function receive(response: Dispatcher.ResponseData, place: string, limits: Limits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (announces_body_it_cannot_have(response)) discard_body(response);
  else {
    // Throwing out of the loop gives the connection up.
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.response_bytes) throw invalid(place, `is larger than ${limits.response_bytes} bytes`);
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}

/** 204 and 304 end with their headers (RFC 9110, section 6.4.1): waiting for a body would end in an error. */
function announces_body_it_cannot_have({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return (statusCode === 204 || statusCode === 304) && Number(headers['content-length'] ?? 0) > 0;
}

const decompressors = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: promisify(inflate),
};
/** Some servers send `deflate` without the zlib header. */
const raw_deflate = promisify(inflateRaw);

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
  if (!is_coding(coding)) throw invalid(place, 'has a content encoding that is not gzip, deflate or br');
  const has_no_header = coding === 'deflate' && ((received[0] ?? 0) & 0x0f) !== 8;
  const decompressor = has_no_header ? raw_deflate : decompressors[coding];
  try {
    return await decompressor(received, { maxOutputLength: limits.decompressed_bytes });
  } catch (cause) {
    const too_large = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    const problem = too_large
      ? `is larger than ${limits.decompressed_bytes} bytes when decompressed`
      : `is not ${coding}`;
    throw invalid(place, problem, cause);
  }
}

function is_coding(name: string): name is keyof typeof decompressors {
  return Object.hasOwn(decompressors, name);
}

/** JSON is UTF-8 (RFC 8259, section 8.1) and must be; a text may name its charset and is read as well as can be. */
function decode(
  content: Buffer,
  as: 'json' | 'text',
  content_type: string | string[] | undefined,
  place: string,
): string {
  try {
    if (as === 'json') return new TextDecoder('utf-8', { fatal: true }).decode(content);
    return new TextDecoder(charset_of(content_type)).decode(content);
  } catch (cause) {
    throw invalid(place, as === 'json' ? 'is not UTF-8' : 'has a charset that is not known', cause);
  }
}

function charset_of(content_type: string | string[] | undefined): string {
  return /;\s*charset="?([^";\s]+)/i.exec(String(content_type ?? ''))?.[1] ?? 'utf-8';
}

function parse(text: string, place: string, limits: Limits): Json {
  if (text.trim() === '') return null;
  try {
    return parse_bounded_json(text, limits.json_depth);
  } catch (cause) {
    // The parser's own message quotes the text.
    const problem = cause instanceof SyntaxError ? 'it is not JSON' : String((cause as Error).message);
    throw invalid(place, `cannot be used: ${problem}`, cause);
  }
}

function invalid(place: string, problem: string, cause?: unknown): LlmteamError {
  return new LlmteamError('HTTP_RESPONSE_INVALID', `the response of ${place} ${problem}`, { cause });
}
