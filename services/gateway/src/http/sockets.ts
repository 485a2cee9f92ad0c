/**
 * Purpose: upgrades to WebSocket.
 * Owns: the same order of checks as every request: form, key, permission, limits, path, query; then the run; then the upgrade. What is
 * refused gets a problem document over HTTP.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { LlmteamError } from '@llmteam/contracts';
import { type WebSocket, WebSocketServer } from 'ws';
import type { PreparedStream } from '../following/streams.js';
import { WebSocketOutlet } from '../following/web-socket-outlet.js';
import type { Route } from '../routes/route.js';
import { routes } from '../routes/table.js';
import type { Services } from '../services.js';
import { admit, checkOrigin, socketProtocol } from './authentication.js';
import { checkFront } from './front.js';
import { problemAnswer } from './problem.js';
import { rawAnswer } from './raw-answer.js';
import { checksOf, type RequestChecks } from './request-checks.js';
import { type PathMatcher, pathMatcher } from './router-path.js';

const messageBytes = 64 * 1024;
const takesNoMessages = 1003;

interface SocketRoute {
  readonly route: Route;
  readonly checks: RequestChecks;
  readonly match: PathMatcher;
}

export class Sockets {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(socketProtocol) ? socketProtocol : false),
  });
  private readonly routes: readonly SocketRoute[] = routes.filter(({ isSocket }) => isSocket === true).map(socketRoute);

  constructor(private readonly services: Services) {}

  /** Listener of `upgrade`. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.open(request, socket, head).catch((thrown: unknown) => {
      const { status, body, headers } = problemAnswer(thrown);
      if (status >= 500) this.services.log.error({ err: thrown }, 'a WebSocket could not be opened');
      this.services.metrics.requestAnswered('follow_run', status, null);
      rawAnswer(socket, status, body, { ...headers, 'X-Request-Id': this.services.newId() });
    });
  }

  close(): void {
    this.server.close();
  }

  private async open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const prepared = await this.prepare(request);
    if (socket.destroyed) {
      prepared.release();
      return;
    }
    let isOpen = false;
    socket.once('close', () => {
      if (!isOpen) prepared.release();
    });
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      isOpen = true;
      this.services.metrics.requestAnswered('follow_run', 101, null);
      follow(webSocket, socket, prepared);
    });
  }

  /** @throws LlmteamError for whatever is not in order */
  private async prepare(request: IncomingMessage): Promise<PreparedStream> {
    const { services } = this;
    checkFront(request, services.limits);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = this.find(url.pathname);
    if (found === null) throw new LlmteamError('ROUTE_UNKNOWN', 'there is no WebSocket at this address');
    if (!services.isOpen()) throw new LlmteamError('NOT_READY', 'the gateway is starting or stopping');
    checkOrigin(request.headers, services.origins ?? []);
    const principal = admit(found.route, request.headers, services.keys);
    await services.tenants.admitRequest(principal.tenant_id);
    const { params } = found;
    found.checks.checkParams(params);
    const { from_seq } = found.checks.checkQuery(url.searchParams);
    const run = { tenant_id: principal.tenant_id, run_id: params.run_id ?? '' };
    return services.streams.prepare(principal, run, typeof from_seq === 'number' ? from_seq : 1);
  }

  private find(path: string): (SocketRoute & { readonly params: Readonly<Record<string, string>> }) | null {
    for (const candidate of this.routes) {
      const params = candidate.match(path);
      if (params !== null) return { ...candidate, params };
    }
    return null;
  }
}

function follow(webSocket: WebSocket, socket: Duplex, prepared: PreparedStream): void {
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('message', () => webSocket.close(takesNoMessages, 'the gateway takes no messages here'));
  const reader = prepared.begin(new WebSocketOutlet(webSocket, socket));
  socket.on('drain', () => reader.drained());
  webSocket.once('close', () => reader.close('gone'));
}

function socketRoute(route: Route): SocketRoute {
  return { route, checks: checksOf(route), match: pathMatcher(route.path) };
}
