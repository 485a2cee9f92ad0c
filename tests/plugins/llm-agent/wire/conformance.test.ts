import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { offline } from '@llmteam/llm-agent';
import { providerConformance } from '@llmteam/testing';
import { spec } from '../../../support/spec.js';
import { bodyOf } from '../../support/with-server.js';
import { protocols } from './protocols.js';
import { answering, configOf, type WireAnswer } from './wire-service.js';

const hello: WireAnswer = { text: ['Hel', 'lo', ' there.'], end: 'stop' };

async function serving(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

for (const protocol of protocols) {
  spec(`conformance: ${protocol.name}`, (test) => {
    providerConformance({
      test,
      async open() {
        const good = await serving(async (request, response) => {
          const [url, body] = [request.url ?? '', JSON.parse(await bodyOf(request))];
          const isStream = body.stream === true || url.includes('alt=sse');
          await answering(protocol, hello)(response, { url, headers: request.headers, body, isStream });
        });
        const bad = await serving((_request, response) => void response.writeHead(503).end());
        const mute = await serving(() => undefined);
        return {
          provider: protocol.provider,
          config: configOf(protocol, good.origin),
          failing: configOf(protocol, bad.origin),
          silent: configOf(protocol, mute.origin),
          async dispose() {
            for (const { server } of [good, bad, mute]) {
              server.closeAllConnections();
              await new Promise((closed) => server.close(closed));
            }
          },
        };
      },
    });
  });
}

spec('conformance: offline', (test) => {
  providerConformance({
    test,
    open: async () => ({
      provider: offline,
      config: {},
      silent: { latency_ms: 600_000 },
      dispose: async () => undefined,
    }),
  });
});
