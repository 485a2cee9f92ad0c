/**
 * Purpose: the HTTP server under the application.
 * Owns: timeouts and size limits of requests, responses to input that is not HTTP, and graceful shutdown.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { LlmteamError } from '@llmteam/contracts';
import { spareTurns } from '@llmteam/kernel';
import { listenError } from '@llmteam/service-host';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import { problemResponse } from './problem.js';
import { rawResponse } from './raw-response.js';
import { hasBody } from './request-body.js';

export interface Handlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Answered at once. What reads waits until nothing else is to be done, for a moment: hundreds may arrive in one turn of the event loop. */
const probes: ReadonlySet<string> = new Set(['/health', '/ready']);
const checksEveryMs = 500;
/** More than the limit allows, so that the refusal can name the limit. */
const headersParsed = 2_000;
const keepAliveMs = 65_000;
/** An idle connection is closed after this time; open streams have their own heartbeat. */
const silenceMs = 120_000;

export class HttpListener {
  private readonly server: Server;
  /** The latest response on each connection. */
  private readonly responses = new WeakMap<Duplex, ServerResponse>();

  constructor(
    handlers: Handlers,
    limits: GatewayLimits,
    private readonly newId: () => string,
  ) {
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.responses.set(request.socket, response);
      if (request.method !== 'GET' || probes.has(request.url ?? '')) handlers.request(request, response);
      else void spareTurns.next().then(() => handlers.request(request, response));
    };
    // Node refuses a headers timeout above the request timeout.
    const headMs = Math.min(limits.head_ms, limits.request_ms);
    this.server = createServer(
      {
        maxHeaderSize: limits.header_bytes,
        headersTimeout: headMs,
        requestTimeout: limits.request_ms,
        connectionsCheckingInterval: Math.min(checksEveryMs, headMs),
        keepAliveTimeout: keepAliveMs,
        insecureHTTPParser: false,
        // request-guard.ts refuses it, with a problem document.
        requireHostHeader: false,
        noDelay: true,
      },
      serve,
    );
    // Whether to go on is decided where the body is read, after all other checks.
    this.server.on('checkContinue', serve);
    this.server.on('checkExpectation', serve);
    this.server.maxHeadersCount = headersParsed;
    this.server.setTimeout(silenceMs);
    this.server.on('upgrade', (request, socket, head) => {
      if (isForWebSocket(request)) handlers.upgrade(request, socket, head);
      else this.serveWithoutUpgrade(request, socket as Socket, handlers);
    });
    this.server.on('connect', (_request, socket) => this.refuseRaw(new Error('not a proxy'), socket));
    this.server.on('clientError', (error, socket) => this.refuseRaw(error, socket));
  }

  /** @throws LlmteamError `CONFIG_INVALID` if it cannot listen there, naming the `setting` that holds the address */
  listen(port: number, host: string, setting: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => reject(listenError({ host, port }, setting, cause));
      this.server.once('error', fail);
      this.server.listen({ port, host, backlog: 4_096 }, () => {
        this.server.removeListener('error', fail);
        resolve(this.server.address() as AddressInfo);
      });
    });
  }

  /** Stops accepting connections, lets pending requests finish, and cuts off the rest after the timeout. */
  async close(timeoutMs: number): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    const timer = setTimeout(() => this.server.closeAllConnections(), timeoutMs);
    await closed;
    clearTimeout(timer);
  }

  /**
   * Some clients offer HTTP/2 with every request (`Upgrade: h2c`), which a server may ignore. Node has detached its parser from the
   * connection by then, so a body can no longer be read and such a request is refused.
   */
  private serveWithoutUpgrade(request: IncomingMessage, socket: Socket, handlers: Handlers): void {
    if (hasBody(request)) {
      this.refuseRaw(new Error('an upgrade with a body'), socket);
      return;
    }
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    handlers.request(request, response);
  }

  /** A problem document, unless it would land in the middle of a response. */
  private refuseRaw(error: Error & { readonly code?: string }, socket: Duplex): void {
    const response = this.responses.get(socket);
    const isInResponse = response?.headersSent === true && !response.writableFinished;
    if (error.code === 'ECONNRESET' || isInResponse) {
      socket.destroy();
      return;
    }
    const { status, body, headers } = problemResponse(refusal(error));
    rawResponse(socket, this.newId(), status, body, headers);
  }
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

function refusal(cause: Error & { readonly code?: string }): LlmteamError {
  if (cause.code === 'HPE_HEADER_OVERFLOW')
    return new LlmteamError('HEADERS_TOO_LARGE', 'the request headers are too large', { cause });
  if (cause.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new LlmteamError('REQUEST_TIMEOUT', 'the request took too long to arrive', { cause });
  return new LlmteamError('REQUEST_INVALID', 'the request is not valid HTTP', { cause });
}
