/**
 * Purpose: what is refused of a request before anything looks at what it asks for: whatever two parsers in a row could read differently.
 * The parser of Node refuses most of it; what it lets through is refused here.
 */
import type { IncomingMessage } from 'node:http';
import { LlmteamError } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits.js';
import { wrong } from './problem.js';

/** Headers that mean something to whoever frames or routes a request: once, or not at all. */
const single_headers = ['host', 'content-length', 'transfer-encoding', 'content-type', 'authorization', 'origin'];

/** @throws LlmteamError `REQUEST_INVALID`, `HEADERS_TOO_LARGE` */
export function check_front(request: IncomingMessage, limits: GatewayLimits): void {
  const { rawHeaders, url = '' } = request;
  if (rawHeaders.length / 2 > limits.header_count) {
    throw new LlmteamError('HEADERS_TOO_LARGE', `the request has more than ${limits.header_count} headers`);
  }
  const counts = new Map<string, number>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (!counts.has('host')) throw wrong('header', '/host', 'MISSING_FIELD', 'is missing');
  for (const name of single_headers) {
    if ((counts.get(name) ?? 0) > 1)
      throw wrong('header', `/${name}`, 'DUPLICATE_ID', `the header '${name}' is there twice`);
  }
  if (counts.has('content-length') && counts.has('transfer-encoding')) {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "goes not together with 'content-length'");
  }
  const { 'transfer-encoding': encoding } = request.headers;
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "only 'chunked' is understood");
  }
  if (!url.startsWith('/') || url.startsWith('//')) {
    throw wrong('path', '', 'SCHEMA_VIOLATION', 'the request line must hold a path that begins with one slash');
  }
  if (!is_plain_path(url))
    throw wrong('path', '', 'SCHEMA_VIOLATION', 'the path holds characters that must be encoded');
}

function is_plain_path(url: string): boolean {
  if (!/^[\x21-\x7e]*$/.test(url)) return false;
  try {
    decodeURIComponent(url.split('?', 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}
