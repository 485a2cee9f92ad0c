/**
 * Purpose: what an unexpected status brings along: status, headers and the start of the body, for `details` of the error.
 * Invariant: a body that is late, broken or not decodable does not hide the status; it is described as far as it came.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type Json, type JsonObject, parseBoundedJson, type StepContext } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';
import { charsetOf, declaredCharset, decoderOf } from './charset.js';
import { codingsOf, decompress } from './content-encoding.js';
import { withExactNumbers } from './exact-numbers.js';
import type { Limits } from './limits.js';
import { announcesBodyItCannotHave, discardBody } from './response-body.js';
import { shownHeaders } from './response-headers.js';

interface Start {
  readonly content: Buffer;
  readonly isCut: boolean;
}

/**
 * `{status, headers, body}`, and `body_truncated: true` if only the start of the body is there. JSON is parsed, other text is a string,
 * anything else `{content_type, bytes}`. Cookies are left out of the headers. Only what a cut splits of a secret is redacted here: the
 * worker finds whole ones.
 */
export async function errorDetails(
  response: Dispatcher.ResponseData,
  limits: Limits,
  redact: StepContext['redact'],
): Promise<JsonObject> {
  const { statusCode: status, headers } = response;
  const received = await startOf(response, limits);
  const { content, isCut } = await readable(received, headers['content-encoding'], limits.errorBodyBytes);
  const shown = shownHeaders(headers, ['set-cookie']);
  const details = { status, headers: shown, body: bodyOf({ content, isCut }, headers['content-type'], redact) };
  return isCut ? { ...details, body_truncated: true } : details;
}

/** What arrives in time, up to the limit. */
async function startOf(response: Dispatcher.ResponseData, { errorBodyBytes, errorBodyMs }: Limits): Promise<Start> {
  const start = { chunks: [] as Buffer[], bytes: 0, isCut: true };
  const given = new AbortController();
  if (announcesBodyItCannotHave(response)) start.isCut = false;
  else {
    await Promise.race([collect(response, start, errorBodyBytes), delay(errorBodyMs, null, { signal: given.signal })]);
    given.abort();
  }
  discardBody(response);
  return { content: Buffer.concat(start.chunks).subarray(0, errorBodyBytes), isCut: start.isCut };
}

async function collect(
  { body }: Dispatcher.ResponseData,
  start: { chunks: Buffer[]; bytes: number; isCut: boolean },
  maxBytes: number,
): Promise<void> {
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      start.chunks.push(chunk);
      start.bytes += chunk.length;
      if (start.bytes > maxBytes) return;
    }
    start.isCut = false;
  } catch {
    // The connection broke, or the time was up: the start is what there is.
  }
}

async function readable(
  { content, isCut }: Start,
  encoding: string | string[] | undefined,
  maxBytes: number,
): Promise<Start> {
  try {
    const decoded = await decompress(content, codingsOf(encoding), { maxBytes, isPart: isCut });
    return { content: decoded.content, isCut: isCut || decoded.isCut };
  } catch {
    // Not in the coding it names: shown as it came.
    return { content, isCut };
  }
}

function bodyOf(
  { content, isCut }: Start,
  contentType: string | string[] | undefined,
  redact: StepContext['redact'],
): Json {
  if (content.length === 0) return null;
  const text = textOf(content, charsetOf(content, declaredCharset(contentType)), isCut);
  if (text === null) return { content_type: String(contentType ?? 'unknown'), bytes: content.length };
  return isCut ? redact(text, { isCut }) : (jsonIn(text) ?? text);
}

/** Null for bytes that are no text. A character that the cut has split is dropped. */
function textOf(content: Buffer, charset: string, isCut: boolean): string | null {
  try {
    const text = decoderOf(charset)?.decode(content, { stream: isCut });
    return text === undefined || text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

/** Undefined for other text, also for a bare number or word, which a page of text may be. */
function jsonIn(text: string): Json | undefined {
  if (!/^\s*[[{"]/.test(text)) return undefined;
  try {
    return withExactNumbers(text, parseBoundedJson(text, { integers: 'round' }));
  } catch {
    return undefined;
  }
}
