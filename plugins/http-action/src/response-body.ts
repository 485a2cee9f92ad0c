import { type Json, LlmteamError, parseBoundedJson } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';
import { charsetOf, declaredCharset, decoderOf } from './charset.js';
import type { HttpActionConfig } from './config.js';
import { codingsOf, decompress, shownWord, Undecodable } from './content-encoding.js';
import { firstRounded, withExactNumbers } from './exact-numbers.js';
import type { Limits } from './limits.js';
import { settingName } from './settings.js';

export interface ResponseBody {
  readonly value: Json;
  /** As received, before decompression. */
  readonly bytes: number;
}

export type Reading = Pick<HttpActionConfig, 'response' | 'charset' | 'large_numbers'>;

/** @throws LlmteamError `HTTP_RESPONSE_INVALID` (`details.status`); connection errors unchanged. */
export async function readBody(
  response: Dispatcher.ResponseData,
  reading: Reading,
  place: string,
  limits: Limits,
): Promise<ResponseBody> {
  try {
    const received = await receive(response, limits);
    const content = await decoded(received, response, limits);
    return { value: readValue(content, reading, response.headers['content-type']), bytes: received.length };
  } catch (thrown) {
    if (!(thrown instanceof Undecodable)) throw thrown;
    throw new LlmteamError('HTTP_RESPONSE_INVALID', `the response of ${place} ${thrown.message}`, {
      cause: thrown.cause ?? thrown,
      details: { status: response.statusCode },
    });
  }
}

/** Drops the connection instead of waiting for a body that nobody reads. */
export function discardBody(response: Dispatcher.ResponseData): void {
  response.body.on('error', ignore).destroy();
}

function ignore(): void {
  // Destroying a body early emits an error on it, as expected.
}

async function receive(response: Dispatcher.ResponseData, { responseBytes }: Limits): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  if (announcesBodyItCannotHave(response)) discardBody(response);
  else {
    // Throwing out of the loop destroys the body, and with it the connection.
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > responseBytes) {
        throw new Undecodable(`is larger than ${responseBytes} bytes, the limit ${settingName('response_bytes')}`);
      }
      chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks);
}

/** 204 and 304 have no body (RFC 9110, section 6.4.1): waiting for one would fail. */
export function announcesBodyItCannotHave({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return (statusCode === 204 || statusCode === 304) && Number(headers['content-length'] ?? 0) > 0;
}

async function decoded(
  received: Buffer,
  { headers }: Dispatcher.ResponseData,
  { decompressedBytes }: Limits,
): Promise<Buffer> {
  if (received.length === 0) return received;
  const codings = codingsOf(headers['content-encoding']);
  const { content, isCut } = await decompress(received, codings, { maxBytes: decompressedBytes, isPart: false });
  if (!isCut) return content;
  const limit = `the limit ${settingName('decompressed_bytes')}`;
  throw new Undecodable(`is larger than ${decompressedBytes} bytes when decompressed, ${limit}`);
}

function readValue(content: Buffer, reading: Reading, contentType: string | string[] | undefined): Json {
  const { response: as = 'json', charset: label = declaredCharset(contentType), large_numbers } = reading;
  if (as === 'base64') return content.toString('base64');
  const text = textOf(content, charsetOf(content, label));
  return as === 'text' ? text : parse(text, large_numbers ?? 'refuse');
}

function textOf(content: Buffer, charset: string): string {
  const decoder = decoderOf(charset);
  if (decoder === undefined) throw new Undecodable(`has the charset ${shownWord(charset)}, which is unknown`);
  try {
    return decoder.decode(content);
  } catch (cause) {
    const wayOut = 'set `charset` to the right one, or take the bytes with `response: "base64"`';
    throw new Undecodable(`is not ${charset.toUpperCase()}; ${wayOut}`, { cause });
  }
}

function parse(text: string, largeNumbers: 'refuse' | 'string'): Json {
  if (text.trim() === '') return null;
  const value = bounded(text);
  const exact = withExactNumbers(text, value);
  const rounded = largeNumbers === 'string' ? null : firstRounded(value, exact);
  if (rounded === null) return exact;
  const { digits, pointer } = rounded;
  const place = pointer === '' ? 'the value' : `'${pointer}'`;
  const wayOut = 'set `large_numbers: "string"` to get such numbers as strings';
  throw new Undecodable(`cannot be used: ${place} is ${shownNumber(digits)}, which would be rounded; ${wayOut}`);
}

function bounded(text: string): Json {
  try {
    return parseBoundedJson(text, { integers: 'round' });
  } catch (cause) {
    // The parser's own message quotes the text, which may be sensitive.
    const problem = cause instanceof SyntaxError ? 'it is not JSON' : String((cause as Error).message);
    throw new Undecodable(`cannot be used: ${problem}`, { cause });
  }
}

function shownNumber(digits: string): string {
  return digits.length <= 64 ? `the number ${digits}` : `a number of ${digits.length} characters`;
}
