/** Servers that answer otherwise than a gateway does. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loopbackCertificate } from './loopback-certificate.js';

export interface OddServer {
  readonly url: string;
  /** `GET /api/v1/runs`, as they came. */
  readonly asked: readonly string[];
}

export interface OddServerOptions {
  /** With a certificate that nobody trusts. */
  readonly isSecure?: boolean;
}

export async function withOddServer(
  answer: (response: ServerResponse, request: IncomingMessage, count: number) => void,
  use: (server: OddServer) => Promise<void>,
  { isSecure = false }: OddServerOptions = {},
): Promise<void> {
  const asked: string[] = [];
  const listener: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    request.resume().once('end', () => answer(response, request, asked.length));
  };
  const server: Server = isSecure ? createTlsServer(loopbackCertificate, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await use({ url: `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}`, asked });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

export function giveJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(JSON.stringify(body));
}

export function giveProblem(
  response: ServerResponse,
  status: number,
  code: string,
  detail: string,
  headers = {},
): void {
  giveJson(response, status, { type: `urn:llmteam:error:${code}`, title: detail, status, code, detail }, headers);
}

/** An address that nothing listens at. */
export async function unusedAddress(): Promise<string> {
  let address = '';
  await withOddServer(
    () => undefined,
    async ({ url }) => {
      address = url;
    },
  );
  return address;
}
