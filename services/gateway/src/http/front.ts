/**
 * Purpose: what is refused of a request before anything looks at what it asks for: whatever two parsers in a row could read differently.
 * The parser of Node refuses most of it; what it lets through is refused here.
 */
import type { IncomingMessage } from 'node:http';
import { LlmteamError } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits.js';
import { wrong } from './problem.js';

/** Headers that mean something to whoever frames or routes a request: once, or not at all. */
const singleHeaders = ['host', 'content-length', 'transfer-encoding', 'content-type', 'authorization', 'origin'];

/** @throws LlmteamError `REQUEST_INVALID`, `HEADERS_TOO_LARGE` */
export function checkFront(request: IncomingMessage, limits: GatewayLimits): void {
  checkHeaders(request.rawHeaders, limits);
  checkFraming(request);
  const { url = '' } = request;
  if (!url.startsWith('/') || url.startsWith('//')) {
    throw wrong('path', '', 'SCHEMA_VIOLATION', 'the request line must hold a path that begins with one slash');
  }
  if (!isPlainPath(url)) throw wrong('path', '', 'SCHEMA_VIOLATION', 'the path holds characters that must be encoded');
}

function checkHeaders(raw: readonly string[], limits: GatewayLimits): void {
  if (raw.length / 2 > limits.header_count) {
    throw new LlmteamError('HEADERS_TOO_LARGE', `the request has more than ${limits.header_count} headers`);
  }
  const names = raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  if (!names.includes('host')) throw wrong('header', '/host', 'MISSING_FIELD', 'is missing');
  const twice = singleHeaders.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined) throw wrong('header', `/${twice}`, 'DUPLICATE_ID', `the header '${twice}' is there twice`);
}

function checkFraming({ headers }: IncomingMessage): void {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers;
  if (encoding === undefined) return;
  if (length !== undefined) {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "goes not together with 'content-length'");
  }
  if (encoding.toLowerCase() !== 'chunked') {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "only 'chunked' is understood");
  }
}

function isPlainPath(url: string): boolean {
  if (!/^[\x21-\x7e]*$/.test(url)) return false;
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}
