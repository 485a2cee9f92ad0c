/**
 * Purpose: the HTTP server under the application.
 * Owns: time and size of what comes in, the answer to what is no HTTP, and stopping: no new connections, last answers, then the rest is cut.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LlmteamError } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits.js';
import { problem_answer } from './problem.js';
import { raw_answer } from './raw-answer.js';
import { has_body } from './request-body.js';

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const checks_every_ms = 500;
/** Beyond what is allowed, so that the refusal can say so. */
const headers_parsed = 2_000;
const keep_alive_ms = 65_000;
/** A client that neither sends nor takes anything for so long is gone; open streams look after themselves. */
const silence_ms = 120_000;

export class HttpListener {
  private readonly server: Server;

  constructor(handlers: Handlers, limits: GatewayLimits) {
    // Node refuses a head that may take longer than the whole.
    const head_ms = Math.min(limits.head_ms, limits.request_ms);
    this.server = createServer(
      {
        maxHeaderSize: limits.header_bytes,
        headersTimeout: head_ms,
        requestTimeout: limits.request_ms,
        connectionsCheckingInterval: Math.min(checks_every_ms, head_ms),
        keepAliveTimeout: keep_alive_ms,
        insecureHTTPParser: false,
        // The refusal is ours, in the form all others have.
        requireHostHeader: false,
        noDelay: true,
      },
      (request, response) => handlers.request(request, response),
    );
    this.server.maxHeadersCount = headers_parsed;
    this.server.setTimeout(silence_ms);
    this.server.on('upgrade', (request, socket, head) => {
      if (is_for_web_socket(request)) handlers.upgrade(request, socket, head);
      else serve_without_upgrade(request, socket as Socket, handlers);
    });
    this.server.on('connect', (_request, socket) => answer_no_http(new Error('no proxy'), socket));
    this.server.on('clientError', answer_no_http);
  }

  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port, host, backlog: 4_096 }, () => {
        this.server.removeListener('error', reject);
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /** Answers what was asked before, within the time. */
  async close(patience_ms: number): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), patience_ms);
    await closed;
    clearTimeout(timer);
  }
}

function is_for_web_socket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Some clients offer HTTP/2 with every request (`Upgrade: h2c`); a server may ignore that. Node has let go of the connection by then, so a
 * body can no longer be read: such a request is refused.
 */
function serve_without_upgrade(request: IncomingMessage, socket: Socket, handlers: Handlers): void {
  if (has_body(request)) {
    answer_no_http(new Error('an upgrade with a body'), socket);
    return;
  }
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  handlers.request(request, response);
}

function answer_no_http(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, body, headers } = problem_answer(refusal(error));
  raw_answer(socket, status, body, headers);
}

function refusal(cause: Error & { readonly code?: string }): LlmteamError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new LlmteamError('HEADERS_TOO_LARGE', 'the head is too large', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new LlmteamError('REQUEST_TIMEOUT', 'too slow', { cause });
  return new LlmteamError('REQUEST_INVALID', 'this is no HTTP request that can be served', { cause });
}
