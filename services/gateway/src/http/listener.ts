/**
 * Purpose: the HTTP server under the application.
 * Owns: time and size of what comes in, the answer to what is no HTTP, and stopping: no new connections, last answers, then the rest is cut.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LlmteamError } from '@llmteam/contracts';
import type { GatewayLimits } from '../limits.js';
import { problemAnswer } from './problem.js';
import { rawAnswer } from './raw-answer.js';
import { hasBody } from './request-body.js';

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

const checksEveryMs = 500;
/** Beyond what is allowed, so that the refusal can say so. */
const headersParsed = 2_000;
const keepAliveMs = 65_000;
/** A client that neither sends nor takes anything for so long is gone; open streams look after themselves. */
const silenceMs = 120_000;

export class HttpListener {
  private readonly server: Server;

  constructor(handlers: Handlers, limits: GatewayLimits) {
    // Node refuses a head that may take longer than the whole.
    const headMs = Math.min(limits.head_ms, limits.request_ms);
    this.server = createServer(
      {
        maxHeaderSize: limits.header_bytes,
        headersTimeout: headMs,
        requestTimeout: limits.request_ms,
        connectionsCheckingInterval: Math.min(checksEveryMs, headMs),
        keepAliveTimeout: keepAliveMs,
        insecureHTTPParser: false,
        // The refusal is ours, in the form all others have.
        requireHostHeader: false,
        noDelay: true,
      },
      (request, response) => handlers.request(request, response),
    );
    this.server.maxHeadersCount = headersParsed;
    this.server.setTimeout(silenceMs);
    this.server.on('upgrade', (request, socket, head) => {
      if (isForWebSocket(request)) handlers.upgrade(request, socket, head);
      else serveWithoutUpgrade(request, socket as Socket, handlers);
    });
    this.server.on('connect', (_request, socket) => answerNoHttp(new Error('no proxy'), socket));
    this.server.on('clientError', answerNoHttp);
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
  async close(patienceMs: number): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), patienceMs);
    await closed;
    clearTimeout(timer);
  }
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Some clients offer HTTP/2 with every request (`Upgrade: h2c`); a server may ignore that. Node has let go of the connection by then, so a
 * body can no longer be read: such a request is refused.
 */
function serveWithoutUpgrade(request: IncomingMessage, socket: Socket, handlers: Handlers): void {
  if (hasBody(request)) {
    answerNoHttp(new Error('an upgrade with a body'), socket);
    return;
  }
  socket.on('error', () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end());
  handlers.request(request, response);
}

function answerNoHttp(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, body, headers } = problemAnswer(refusal(error));
  rawAnswer(socket, status, body, headers);
}

function refusal(cause: Error & { readonly code?: string }): LlmteamError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new LlmteamError('HEADERS_TOO_LARGE', 'the head is too large', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new LlmteamError('REQUEST_TIMEOUT', 'too slow', { cause });
  return new LlmteamError('REQUEST_INVALID', 'this is no HTTP request that can be served', { cause });
}
