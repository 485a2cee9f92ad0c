import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { rawExchange } from './support/raw-exchange.js';
import { type GatewayWorld, type WorldOptions, withGateway } from './support/with-gateway.js';

/** The status that a request with this `Host` gets, and the code of its problem. */
async function answerTo({ port }: GatewayWorld, host: string, ...headers: readonly string[]): Promise<string> {
  const lines = ['GET /health HTTP/1.1', ...(host === '' ? [] : [`Host: ${host}`]), ...headers, '\r\n'];
  const answer = await rawExchange(port, Buffer.from(lines.join('\r\n'), 'latin1'));
  const [, status] = /^HTTP\/1\.1 (\d+) /.exec(answer) ?? [];
  const [, code = ''] = /"code":"([A-Z_]+)"/.exec(answer) ?? [];
  assert.match(answer, /^x-request-id: \S/im);
  return `${status} ${code}`.trim();
}

const close = 'Connection: close';
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAA'];

async function withHosts(options: WorldOptions, use: (world: GatewayWorld) => Promise<void>): Promise<void> {
  await withGateway(use, options);
}

spec('the Host of a request', (test) => {
  const malformed = [
    'a b',
    'a/b',
    'a@b',
    'a,b',
    'a:b',
    'a:1:2',
    '[::1',
    '::1',
    'a%20b',
    'caf\u00e9',
    ' ',
    '-',
    'a:123456',
    'localhost:65536',
    'localhost:99999',
    '[::1]:70000',
    '[x]',
  ];
  for (const host of malformed) {
    test(`is refused with a problem if it is '${host}'`, async () => {
      for (const options of [{}, { address: '0.0.0.0' }]) {
        await withHosts(options, async (world) => {
          assert.is(await answerTo(world, host, close), '400 HOST_INVALID');
          assert.is(await answerTo(world, host, ...upgrade), '400 HOST_INVALID');
        });
      }
    });
  }

  test('may be missing in no request', async () => {
    await withHosts({}, async (world) => assert.is(await answerTo(world, '', close), '400 HOST_INVALID'));
  });

  test('of a gateway on a loopback address is a loopback name or a configured one, with any port and in any case', async () => {
    await withHosts({ hosts: ['llmteam.test'] }, async (world) => {
      for (const host of ['localhost', 'LOCALHOST:80', `127.0.0.1:${world.port}`, '[::1]:9', 'LLMteam.test:65535']) {
        assert.is(await answerTo(world, host, close), '200', host);
      }
      for (const host of [
        'evil.test',
        'localhost.evil.test',
        'localhost.',
        '127.0.0.1.evil.test',
        '169.254.169.254',
        'x.llmteam.test',
      ]) {
        assert.is(await answerTo(world, host, close), '421 HOST_NOT_ALLOWED', host);
        assert.is(await answerTo(world, host, ...upgrade), '421 HOST_NOT_ALLOWED', host);
      }
    });
  });

  test('of a gateway on a public address is anything, unless names are configured', async () => {
    await withHosts({ address: '0.0.0.0' }, async (world) => {
      for (const host of ['any.test', '10.0.0.1:80', '[fe80::1]']) assert.is(await answerTo(world, host, close), '200');
    });
    await withHosts({ address: '0.0.0.0', hosts: ['llmteam.test'] }, async (world) => {
      assert.is(await answerTo(world, 'llmteam.test', close), '200');
      assert.is(await answerTo(world, 'any.test', close), '421 HOST_NOT_ALLOWED');
    });
  });
});
