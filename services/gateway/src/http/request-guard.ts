/**
 * Refuses, before routing, requests that two parsers in a row could read differently (request smuggling). Node's parser refuses most of
 * them; these checks refuse the rest.
 */
import type { IncomingMessage } from 'node:http';
import { LlmteamError } from '@llmteam/contracts';
import type { AllowedHosts } from '@llmteam/service-host';
import { wrong } from '../errors/request-invalid.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';

/** Headers that affect framing or routing; each may appear at most once. */
const singleHeaders = ['host', 'content-length', 'transfer-encoding', 'content-type', 'authorization', 'origin'];

/** @throws LlmteamError `REQUEST_INVALID`, `HEADERS_TOO_LARGE`, `HOST_INVALID`, `HOST_NOT_ALLOWED`, `EXPECTATION_FAILED` */
export function guardRequest(request: IncomingMessage, limits: GatewayLimits, hosts: AllowedHosts): void {
  checkHeaders(request.rawHeaders, limits);
  hosts.check(request.headers.host);
  checkFraming(request);
  const { expect } = request.headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue') {
    throw new LlmteamError('EXPECTATION_FAILED', "only '100-continue' is supported");
  }
  const { url = '' } = request;
  if (!url.startsWith('/') || url.startsWith('//')) {
    throw wrong('path', '', 'SCHEMA_VIOLATION', 'the request target must be a path that begins with a single slash');
  }
  if (!isPlainPath(url))
    throw wrong('path', '', 'SCHEMA_VIOLATION', 'the path contains characters that must be percent-encoded');
}

function checkHeaders(raw: readonly string[], limits: GatewayLimits): void {
  if (raw.length / 2 > limits.header_count) {
    throw new LlmteamError('HEADERS_TOO_LARGE', `the request has more than ${limits.header_count} headers`);
  }
  const names = raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
  const twice = singleHeaders.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
  if (twice !== undefined)
    throw wrong('header', `/${twice}`, 'DUPLICATE_ID', `the header '${twice}' is given more than once`);
}

function checkFraming({ headers }: IncomingMessage): void {
  const { 'transfer-encoding': encoding, 'content-length': length } = headers;
  if (encoding === undefined) return;
  if (length !== undefined) {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "must not be combined with 'content-length'");
  }
  if (encoding.toLowerCase() !== 'chunked') {
    throw wrong('header', '/transfer-encoding', 'SCHEMA_VIOLATION', "only 'chunked' is supported");
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
