/**
 * Purpose: the endpoints for orchestrators and Prometheus: `/health`, `/ready`, `/metrics`.
 * Owns: the socket; serves nothing else. Does not own: the readiness conditions, the metrics.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorCodes, isLlmteamError, type Logger } from '@llmteam/contracts';
import { AllowedHosts } from './allowed-hosts.js';
import { listenError } from './listen-error.js';
import type { MetricsExposure } from './metrics-exposure.js';

export interface HealthOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Where the address is configured, for error messages. */
  readonly setting: string;
  /** Why the process is not ready; empty if it is. */
  readonly notReady: () => readonly string[];
  readonly metrics: MetricsExposure;
  /** Further paths: what they answer, or null for a path that is not theirs. */
  readonly pages?: (path: string) => Promise<JsonAnswer> | null;
  readonly log: Logger;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: object;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const json = 'application/json; charset=utf-8';

/** @throws LlmteamError `CONFIG_INVALID` if the address cannot be listened on */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  const limits = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 16 * 1_024 };
  const hosts = new AllowedHosts([]);
  // The answer to a missing Host is that to a malformed one.
  const parsing = { ...limits, requireHostHeader: false };
  const server = createServer(parsing, (request, response) => void respond(options, hosts, request, response));
  server.maxConnections = 100;
  await listen(server, options);
  const { port, address } = server.address() as AddressInfo;
  hosts.listenOn(address, options.host);
  return {
    port,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function listen(server: Server, { host, port, setting, log }: HealthOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(listenError({ host, port }, setting, cause));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', (err) => log.warn({ err }, 'the health server failed'));
      resolve();
    });
  });
}

async function respond(
  options: HealthOptions,
  hosts: AllowedHosts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, type, text } = await answer(options, hosts, request).catch((err: unknown): Answer => {
    const code = isLlmteamError(err) ? errorCodes[err.code as keyof typeof errorCodes] : undefined;
    if (code !== undefined && code.http < 500) return ofJson(code.http, { status: code.about });
    options.log.error({ err, url: request.url }, 'the health server could not handle a request');
    return ofJson(500, { status: 'error' });
  });
  const headers = {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="llmteam"' }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
  };
  response.writeHead(status, headers);
  response.end(request.method === 'HEAD' ? undefined : text);
  // Discards any request body.
  request.resume();
}

async function answer(
  { notReady, metrics, pages }: HealthOptions,
  hosts: AllowedHosts,
  { method, url, headers }: IncomingMessage,
): Promise<Answer> {
  hosts.check(headers.host);
  const path = (url ?? '/').split('?', 1)[0] as string;
  const isRead = method === 'GET' || method === 'HEAD';
  if (path !== '/health' && path !== '/ready' && path !== '/metrics') {
    const page = isRead ? pages?.(path) : null;
    if (page == null) return ofJson(404, { status: 'not found' });
    const { status, body } = await page;
    return ofJson(status, body);
  }
  if (!isRead) return ofJson(405, { status: 'method not allowed' });
  if (path === '/metrics') return { status: 200, ...(await metrics(headers)) };
  if (path === '/health') return ofJson(200, { status: 'alive' });
  const reasons = notReady();
  return reasons.length === 0 ? ofJson(200, { status: 'ready' }) : ofJson(503, { status: 'not ready', reasons });
}

function ofJson(status: number, value: object): Answer {
  return { status, type: json, text: `${JSON.stringify(value)}\n` };
}
