import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MixedServer {
  readonly origin: string;
  readonly seen: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  close(): Promise<void>;
}

const firstStatus: Readonly<Record<string, number>> = { '/flaky': 503, '/missing': 404 };

/** What the steps of the mixed segment ask: `/flaky` fails the first time, `/hang` never answers. */
export async function openMixedServer(): Promise<MixedServer> {
  const seen: MixedServer['seen'] = [];
  const server = createServer(({ url = '/', headers }, response) => {
    const isFirst = !seen.some(({ path }) => path === url);
    seen.push({ path: url, headers });
    if (url.startsWith('/hang')) return;
    const status = isFirst ? (firstStatus[url] ?? 200) : 200;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"ok": true}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
