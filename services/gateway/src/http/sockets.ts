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
import { admit, check_origin, socket_protocol } from './authentication.js';
import { check_front } from './front.js';
import { problem_answer } from './problem.js';
import { raw_answer } from './raw-answer.js';
import { checks_of, type RequestChecks } from './request-checks.js';

const message_bytes = 64 * 1024;
const takes_no_messages = 1003;

interface SocketRoute {
  readonly route: Route;
  readonly checks: RequestChecks;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

export class Sockets {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: message_bytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(socket_protocol) ? socket_protocol : false),
  });
  private readonly routes: readonly SocketRoute[] = routes
    .filter(({ is_socket }) => is_socket === true)
    .map(socket_route);

  constructor(private readonly services: Services) {}

  /** Listener of `upgrade`. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.open(request, socket, head).catch((thrown: unknown) => {
      const { status, body, headers } = problem_answer(thrown);
      if (status >= 500) this.services.log.error({ err: thrown }, 'a WebSocket could not be opened');
      this.services.metrics.request_answered('follow_run', status, null);
      raw_answer(socket, status, body, { ...headers, 'X-Request-Id': this.services.new_id() });
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
    let is_open = false;
    socket.once('close', () => {
      if (!is_open) prepared.release();
    });
    this.server.handleUpgrade(request, socket, head, (web_socket) => {
      is_open = true;
      this.services.metrics.request_answered('follow_run', 101, null);
      follow(web_socket, socket, prepared);
    });
  }

  /** @throws LlmteamError for whatever is not in order */
  private async prepare(request: IncomingMessage): Promise<PreparedStream> {
    const { services } = this;
    check_front(request, services.limits);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = this.routes.find(({ pattern }) => pattern.test(url.pathname));
    if (found === undefined) throw new LlmteamError('ROUTE_UNKNOWN', 'there is no WebSocket at this address');
    if (!services.is_open()) throw new LlmteamError('NOT_READY', 'the gateway is starting or stopping');
    check_origin(request.headers, services.origins ?? []);
    const principal = admit(found.route, request.headers, services.keys);
    await services.tenants.admit_request(principal.tenant_id);
    const params = params_of(found, url.pathname);
    found.checks.check_params(params);
    const { from_seq } = found.checks.check_query(url.searchParams);
    const run = { tenant_id: principal.tenant_id, run_id: params.run_id ?? '' };
    return services.streams.prepare(principal, run, typeof from_seq === 'number' ? from_seq : 1);
  }
}

function follow(web_socket: WebSocket, socket: Duplex, prepared: PreparedStream): void {
  web_socket.on('error', () => web_socket.terminate());
  web_socket.on('message', () => web_socket.close(takes_no_messages, 'the gateway takes no messages here'));
  const reader = prepared.begin(new WebSocketOutlet(web_socket, socket));
  socket.on('drain', () => reader.drained());
  web_socket.once('close', () => reader.close('gone'));
}

function socket_route(route: Route): SocketRoute {
  const names = [...route.path.matchAll(/\{([a-z_]+)\}/g)].map(([, name = '']) => name);
  const pattern = new RegExp(`^${route.path.replaceAll(/\{[a-z_]+\}/g, '([^/]+)')}$`);
  return { route, checks: checks_of(route), pattern, names };
}

function params_of({ pattern, names }: SocketRoute, path: string): Record<string, string> {
  const values = pattern.exec(path)?.slice(1) ?? [];
  return Object.fromEntries(names.map((name, at) => [name, decodeURIComponent(values[at] ?? '')]));
}
