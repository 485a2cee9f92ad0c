import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenError } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

/** What the operating system says about listening there; null if it allows it. */
async function refusal(host: string, port: number): Promise<unknown> {
  const server = createServer();
  try {
    return await new Promise((resolve) => {
      server.once('error', resolve);
      server.listen(port, host, () => resolve(null));
    });
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

spec('an address that cannot be listened on', (test) => {
  test('a port that is taken is named, with what to do and the setting it comes from', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const cause = await refusal('127.0.0.1', port);
    const error = listenError({ host: '127.0.0.1', port }, '--port', cause);
    assert.is(error.code, 'CONFIG_INVALID');
    assert.is(error.cause, cause);
    assert.match(error.message, `cannot listen on 127.0.0.1:${port}: another program is using port ${port}; `);
    assert.match(error.message, /choose another port \(--port\)$/);
    await new Promise((resolve) => taken.close(resolve));
  });

  test('an address of another machine is named', async () => {
    const error = listenError({ host: '192.0.2.1', port: 80 }, '--host', await refusal('192.0.2.1', 0));
    assert.match(error.message, /^cannot listen on 192\.0\.2\.1:80: this machine has no address '192\.0\.2\.1'/);
  });

  test('a port that needs privileges says so, and an IPv6 address is in brackets', () => {
    const cause = Object.assign(new Error('listen'), { code: 'EACCES', syscall: 'listen' });
    const error = listenError({ host: '::1', port: 80 }, 'gateway.http', cause);
    assert.match(error.message, /^cannot listen on \[::1\]:80: permission denied; .*choose a higher one/);
  });

  test('an unknown reason is given by its code', () => {
    const cause = Object.assign(new Error('listen'), { code: 'EWEIRD', syscall: 'listen' });
    assert.match(listenError({ host: 'h', port: 1 }, 's', cause).message, /: EWEIRD \(s\)$/);
  });
});
