/** Servers that respond differently from a gateway. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loopbackCertificate } from './loopback-certificate.js';

export interface OddServer {
  readonly url: string;
  /** `GET /api/v1/runs`, in order of arrival. */
  readonly asked: readonly string[];
}

export interface OddServerOptions {
  /** Uses an untrusted certificate. */
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

/** An address where nothing listens. */
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
