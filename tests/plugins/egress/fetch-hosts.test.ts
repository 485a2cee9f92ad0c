import { LlmteamError } from '@llmteam/contracts';
import type { FetchNetwork } from '@llmteam/egress';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withCounter, withHttpServer } from '../support/with-server.js';
import { withFetch } from './with-fetch.js';

/** Treats loopback as public and resolves every name to it. */
const open: FetchNetwork = { resolve: async () => ['127.0.0.1'], reachOf: () => 'public' };

async function blocked(network: FetchNetwork, url: (port: string) => string): Promise<LlmteamError> {
  const errors: LlmteamError[] = [];
  await withCounter((port, requests) =>
    withFetch(network, {}, async ({ fetch }) => {
      errors.push(await rejectsWith('EGRESS_BLOCKED', () => fetch(url(port))));
      assert.is(requests(), 0);
    }),
  );
  return errors[0] as LlmteamError;
}

spec('guarded fetch: hosts', (test) => {
  for (const host of [
    ...['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '127.1', '0', '[::1]', '[::ffff:127.0.0.1]'],
    ...['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '10.0.0.1', '169.254.169.254', '[fd00::1]'],
  ]) {
    test(`${host} is blocked before anything is sent`, async () => {
      await blocked({}, (port) => `http://${host}:${port}/`);
    });
  }

  test('a public name that leads to a private address is blocked, and the message says who may', async () => {
    const error = await blocked({ resolve: async () => ['8.8.8.8', '127.0.0.1'] }, (port) => `http://a.test:${port}/`);
    assert.match(error.message, "'a.test' is inside a private network");
    assert.match(error.message, 'a host that `grant.network` names (`grant: "declared"` names none)');
  });

  test('a private host that is granted by name is reached, a metadata service never', async () => {
    await withCounter((port) =>
      withFetch({}, { private: true }, async ({ fetch }) => {
        assert.is(await (await fetch(`http://127.0.0.1:${port}/`)).text(), '{"reached":true}');
        await rejectsWith('EGRESS_BLOCKED', () => fetch('http://169.254.169.254/latest/meta-data'));
      }),
    );
  });

  test('a connection of a host granted by name is not lent to one that is not', async () => {
    await withCounter(async (port, requests) => {
      const grants = { left: 1 };
      const checkHost = () => ({ mayBePrivate: grants.left-- > 0 });
      await withFetch({}, { checkHost }, async ({ fetch }) => {
        await (await fetch(`http://127.0.0.1:${port}/`)).text();
        await rejectsWith('EGRESS_BLOCKED', () => fetch(`http://127.0.0.1:${port}/`));
        assert.is(requests(), 1);
      });
    });
  });

  test('a name is resolved once per connection, which goes to that answer', async () => {
    const asked: string[] = [];
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const resolve = async (name: string) => {
      asked.push(name);
      return answers.shift() ?? [];
    };
    await withCounter((port) =>
      withFetch({ resolve }, { private: true }, async ({ fetch }) => {
        assert.is((await fetch(`http://rebinding.test:${port}/`)).status, 200);
        assert.equal(asked, ['rebinding.test']);
      }),
    );
  });

  test('the policy is asked for the host in lower case, with its port unless it is that of the scheme', async () => {
    const checkHost = () => {
      throw new LlmteamError('PERMISSION_DENIED', 'not this one');
    };
    await withFetch(open, { checkHost }, async ({ fetch, asked }) => {
      for (const url of [
        'HTTPS://Api.Example.COM:443/x',
        'http://a.test:8080',
        'http://[::1]:80/',
        'https://[FD00::1]:8/',
      ]) {
        const error = await rejectsWith('PERMISSION_DENIED', () => fetch(url));
        assert.is(error.message, 'not this one');
      }
      assert.equal(asked, ['api.example.com', 'a.test:8080', '[::1]', '[fd00::1]:8']);
    });
  });

  for (const url of [
    'file:///etc/passwd',
    'data:text/plain,x',
    'ftp://a.test/',
    'http://user:pw-123@a.test/',
    'blob:x',
  ]) {
    test(`${url.slice(0, 14)} is blocked and what it holds is not shown`, async () => {
      await withFetch(open, {}, async ({ fetch, asked }) => {
        const error = await rejectsWith('EGRESS_BLOCKED', () => fetch(url));
        assert.not.match(error.message, 'pw-123');
        assert.equal(asked, []);
      });
    });
  }

  test('what is not a URL is a TypeError that does not repeat it', async () => {
    await withFetch(open, {}, async ({ fetch }) => {
      const thrown = await fetch('/path?key=s3cret').catch((error: unknown) => error);
      assert.instance(thrown, TypeError);
      assert.not.match((thrown as Error).message, 's3cret');
    });
  });

  test('a failed connection is HTTP_FAILED with its cause, and says that nothing was sent', async () => {
    const closed = { port: '' };
    await withCounter(async (port) => {
      closed.port = port;
    });
    await withFetch({}, { private: true }, async ({ fetch }) => {
      const error = await rejectsWith('HTTP_FAILED', () =>
        fetch(`http://127.0.0.1:${closed.port}/path?key=s3cret`, { headers: { 'x-key': 's3cret' } }),
      );
      assert.is(error.message, `GET http://127.0.0.1:${closed.port}/path failed: ECONNREFUSED`);
      assert.equal([error.details, error.recoverable], [{ sent: false }, true]);
      assert.instance(error.cause, Error);
    });
  });

  test('a connection that breaks after the request says that it may have arrived', async () => {
    await withHttpServer(
      (request) => request.socket.destroy(),
      (origin) =>
        withFetch({}, { private: true }, async ({ fetch }) => {
          const error = await rejectsWith('HTTP_FAILED', () => fetch(origin, { method: 'POST', body: 'x' }));
          assert.equal(error.details, { sent: true });
        }),
    );
  });

  test('a name without an address, and a resolver that hangs, are HTTP_FAILED', async () => {
    await withFetch({ resolve: async () => [] }, {}, async ({ fetch }) => {
      const error = await rejectsWith('HTTP_FAILED', () => fetch('http://gone.test/'));
      assert.equal([error.message, error.details], ["'gone.test' has no address", { sent: false }]);
    });
    const hanging: FetchNetwork = { resolve: () => new Promise(() => undefined), connectMs: 50 };
    await withFetch(hanging, {}, async ({ fetch }) => {
      const error = await rejectsWith('HTTP_FAILED', () => fetch('http://slow.test/'));
      assert.match(error.message, 'no connection within 50 ms');
    });
  });
});
