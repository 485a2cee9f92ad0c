/**
 * Purpose: upgrades requests to WebSockets.
 * Owns: the checks, in the same order as for every request: form, key, permission, limits, path, query; then the run; then the upgrade. A
 * refused request gets a problem document over HTTP.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { LlmteamError } from '@llmteam/contracts';
import { type WebSocket, WebSocketServer } from 'ws';
import type { PreparedStream } from '../following/streams.js';
import { checkOrigin } from '../routes/origins.js';
import type { Route } from '../routes/route.js';
import { routes } from '../routes/table.js';
import { admit, socketProtocol } from './authentication.js';
import type { HttpDeps } from './http-deps.js';
import { problemResponse } from './problem.js';
import { rawResponse } from './raw-response.js';
import { checksOf } from './request-checks.js';
import { guardRequest } from './request-guard.js';
import { type PathMatcher, pathMatcher } from './router-path.js';
import { WebSocketOutlet } from './web-socket-outlet.js';

const messageBytes = 64 * 1024;
const takesNoMessages = 1003;

interface SocketRoute {
  readonly route: Route;
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

  constructor(private readonly deps: HttpDeps) {}

  /** The listener for `upgrade` events. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.open(request, socket, head).catch((thrown: unknown) => {
      const { status, body, headers } = problemResponse(thrown);
      if (status >= 500) this.deps.log.error({ err: thrown }, 'a WebSocket could not be opened');
      this.deps.metrics.requestCompleted('follow_run', status, null);
      rawResponse(socket, this.deps.newId(), status, body, headers);
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
      this.deps.metrics.requestCompleted('follow_run', 101, null);
      follow(webSocket, socket, prepared);
    });
  }

  /** @throws LlmteamError if the request is refused */
  private async prepare(request: IncomingMessage): Promise<PreparedStream> {
    const { services, hosts, keys, tenants, limits } = this.deps;
    guardRequest(request, limits, hosts);
    // As the router does it: dots in the path mean nothing.
    const [path = '', search = ''] = (request.url ?? '/').split(/\?(.*)/s, 2);
    const found = this.find(path);
    if (found === null) throw new LlmteamError('ROUTE_UNKNOWN', 'there is no WebSocket at this path');
    if (!services.readiness.isOpen) throw services.readiness.refusal();
    checkOrigin(request.headers.origin, services.origins);
    const principal = admit(found.route, request.headers, keys);
    await tenants.admitRequest(principal.tenant_id);
    const { params } = found;
    const checks = checksOf(found.route);
    checks.checkParams(params);
    const { from_seq } = checks.checkQuery(new URLSearchParams(search));
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
  webSocket.on('message', () => webSocket.close(takesNoMessages, 'this WebSocket accepts no messages'));
  const reader = prepared.begin(new WebSocketOutlet(webSocket, socket));
  socket.on('drain', () => reader.drained());
  webSocket.once('close', () => reader.gone());
}

function socketRoute(route: Route): SocketRoute {
  return { route, match: pathMatcher(route.path) };
}
