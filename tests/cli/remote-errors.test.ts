// takes: 40
/** Faults of a gateway, its connection or its responses: one line, an error code, an exit code, and never the key. */
import type { ServerResponse } from 'node:http';
import type { RunEvent } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { type Cli, type Ended, eventsIn, jsonOf, withCli } from './support/cli.js';
import { askingAt, startDev } from './support/dev-service.js';
import { loopbackCertificate } from './support/loopback-certificate.js';
import { giveJson, giveProblem, type OddServerOptions, unusedAddress, withOddServer } from './support/odd-server.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 120_000 };
const key = 'llmteam_abcdefghijkl_a-key-that-must-not-be-seen';

/** Nothing on stdout, one line on stderr, and the key in neither. */
function checkRefusal({ code, stdout, stderr }: Ended, expected: RegExp, exitCode = 1): void {
  assert.match(stderr, expected);
  assert.equal([code, stdout], [exitCode, ''], stderr);
  assert.is(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.not.ok(stderr.includes(key), 'the key is not told');
}

async function refusedBy(
  answer: (response: ServerResponse, count: number) => void,
  expected: RegExp,
  options?: OddServerOptions,
): Promise<void> {
  await withCli((cli) =>
    withOddServer(
      (response, _request, count) => answer(response, count),
      async ({ url }) => {
        for (const args of [
          ['runs', 'list'],
          ['runs', 'show', 'r'],
          ['tasks', 'list', '--json'],
        ]) {
          checkRefusal(await cli.call(args, askingAt(url, key)), expected);
        }
      },
      options,
    ),
  );
}

const emptyList = { runs: [], cursor: null };

spec('a gateway that cannot be asked', (test) => {
  test(
    'nothing listens there',
    () =>
      withCli(async (cli) => {
        const url = await unusedAddress();
        const expected = new RegExp(
          `^error GATEWAY_UNREACHABLE: the gateway at ${url} cannot be reached: connection refused`,
        );
        for (const args of [
          ['runs', 'list'],
          ['tasks', 'claim', 'r:s'],
          ['run', cli.write('d.json', doubling)],
        ]) {
          checkRefusal(await cli.call(args, askingAt(url, key)), expected);
        }
      }),
    patience,
  );

  test(
    'it has no TLS',
    () =>
      withOddServer(
        (response) => giveJson(response, 200, emptyList),
        ({ url }) =>
          withCli(async (cli) => {
            const secure = url.replace('http:', 'https:');
            const ended = await cli.call(['runs', 'list'], askingAt(secure, key));
            checkRefusal(ended, /^error GATEWAY_UNREACHABLE: .*it does not use TLS; did you mean http:\/\/\?/);
          }),
      ),
    patience,
  );

  test(
    'its certificate is not trusted, and is once it is named',
    () =>
      withOddServer(
        (response) => giveJson(response, 200, emptyList),
        ({ url }) =>
          withCli(async (cli) => {
            const ended = await cli.call(['runs', 'list'], askingAt(url, key));
            checkRefusal(ended, /^error GATEWAY_UNREACHABLE: .*certificate is not trusted: .*NODE_EXTRA_CA_CERTS/);
            const trusted = cli.write('ca.pem', loopbackCertificate.cert);
            const { environment } = askingAt(url, key);
            const heard = await cli.call(['runs', 'list', '--json'], {
              environment: { ...environment, NODE_EXTRA_CA_CERTS: trusted },
            });
            assert.equal(jsonOf(heard), emptyList);
          }),
        { isSecure: true },
      ),
    patience,
  );

  test(
    'the connection breaks in the middle of an answer',
    () =>
      refusedBy((response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
        response.write('{"runs": [', () => response.destroy());
      }, /^error GATEWAY_UNREACHABLE: .*the connection was lost/),
    patience,
  );
});

spec('a gateway that refuses', (test) => {
  test(
    'a key that does not count (401), and one that may not (403)',
    () =>
      withCli(async (cli) => {
        const dev = await startDev(cli);
        const unknown = await cli.call(['runs', 'list'], askingAt(dev.url, key));
        checkRefusal(unknown, /^error UNAUTHENTICATED: .*LLMTEAM_KEY/);
        const viewer = jsonOf<{ key: string }>(await cli.call(['keys', 'create', '--role', 'viewer', '--json']));
        const stored = cli.write('doubling.json', doubling);
        for (const args of [
          ['run', stored],
          ['runs', 'cancel', 'r'],
          ['tasks', 'claim', 'r:s'],
        ]) {
          const ended = await cli.call(args, askingAt(dev.url, viewer.key));
          checkRefusal(ended, /^error FORBIDDEN: the role 'viewer' .*keys create --role/);
        }
        await dev.stop();
      }),
    patience,
  );

  test(
    'a fault of its own names the request, for its log',
    () =>
      refusedBy(
        (response) => giveProblem(response, 500, 'INTERNAL', 'Something went wrong.', { 'X-Request-Id': 'req-7' }),
        /^error INTERNAL: Something went wrong; see request req-7 in the log of the gateway\n$/,
      ),
    patience,
  );

  test(
    'that it is not ready is no fault of its own',
    () =>
      refusedBy(
        (response) =>
          giveProblem(response, 503, 'NOT_READY', 'It is cut off; `GET /ready` gives the reasons.', {
            'X-Request-Id': 'req-7',
          }),
        /^error NOT_READY: It is cut off; `GET \/ready` gives the reasons\.\n$/,
      ),
    patience,
  );

  test(
    'a code that this version does not know is told as it is',
    () => refusedBy((response) => giveProblem(response, 409, 'NEW_CODE', 'Not so.'), /^error NEW_CODE: Not so\.\n$/),
    patience,
  );

  test(
    'a problem that repeats the key is told without it',
    () => refusedBy((response) => giveProblem(response, 400, 'REQUEST_INVALID', key), /^error REQUEST_INVALID: \[red/),
    patience,
  );
});

spec('a gateway that asks for patience', (test) => {
  test(
    'is asked again when it says, and what was asked for is done once',
    () =>
      withCli((cli) =>
        withOddServer(
          (response, _request, count) => {
            if (count < 3) giveProblem(response, 429, 'RATE_LIMITED', 'Too many.', { 'Retry-After': '1' });
            else
              giveJson(response, 200, {
                run_id: 'r',
                segment_id: 's',
                status: 'paused',
                started_at: '2026-01-01T00:00:00Z',
              });
          },
          async ({ url, asked }) => {
            const before = Date.now();
            const { code, stderr } = await cli.call(['runs', 'pause', 'r'], askingAt(url, key));
            assert.is(code, 0, stderr);
            assert.match(stderr, /^(The gateway limits the rate of requests: retrying in 1 s\.\n){2}Run r is paused/);
            assert.ok(Date.now() - before >= 2_000, 'it waits');
            assert.equal(
              asked,
              Array.from({ length: 3 }, () => 'POST /api/v1/runs/r/pause'),
            );
          },
        ),
      ),
    patience,
  );

  test(
    'for longer than anybody waits is an error that says how long',
    () =>
      refusedBy(
        (response) => giveProblem(response, 429, 'RATE_LIMITED', 'Too many.', { 'Retry-After': '3600' }),
        /^error RATE_LIMITED: Too many; try again in 3600 s\n$/,
      ),
    patience,
  );
});

spec('an answer that is none of a gateway', (test) => {
  const page = '<html><body>Welcome</body></html>';
  const foreign = (text: string) => new RegExp(`^error GATEWAY_ANSWER_INVALID: .*${text}`);

  test(
    'a page instead of JSON, and JSON of something else',
    async () => {
      const html = { 'Content-Type': 'text/html' };
      await refusedBy((response) => response.writeHead(200, html).end(page), foreign('is not JSON'));
      await refusedBy(
        (response) => response.writeHead(404, html).end(page),
        foreign('responded with 404; is it the address'),
      );
      await refusedBy(
        (response) => response.writeHead(502, html).end(page),
        foreign('responded with 502; a proxy responded'),
      );
      await refusedBy((response) => giveJson(response, 200, { ok: true }), foreign('is it the address of one'));
      await refusedBy((response) => giveJson(response, 200, null), foreign('is it the address of one'));
    },
    patience,
  );

  test(
    'one that sends on elsewhere is not followed: the key is for the address that was given',
    () =>
      withOddServer(
        (response) => giveJson(response, 200, emptyList),
        async ({ url, asked }) => {
          const elsewhere = (response: ServerResponse) =>
            response.writeHead(308, { Location: `${url}/api/v1/runs` }).end();
          await refusedBy(elsewhere, foreign(`redirects to ${url}, and the key is not sent there`));
          assert.equal(asked, []);
        },
      ),
    patience,
  );
});

spec('the command line of a gateway', (test) => {
  const environment = { LLMTEAM_URL: 'http://127.0.0.1:9', LLMTEAM_KEY: key };
  const wrong: readonly (readonly [string, RegExp, Record<string, string>?])[] = [
    ['runs list --url http://127.0.0.1:9', /a gateway requires an API key: set \$LLMTEAM_KEY/, {}],
    ['runs list --url http://127.0.0.1:9 --key env:NOT_SET', /names the variable NOT_SET, which is not set/],
    ['runs list --key env:LLMTEAM_KEY', /--key is for a gateway/, { LLMTEAM_KEY: key }],
    ['runs list --url localhost:8700', /--url must be a URL that starts with http/],
    ['runs list --url http://me:secret@localhost', /must not contain a user/],
    ['runs list --tenant acme --url http://127.0.0.1:9', /the API key determines the tenant/],
    ['run x.json --tenant acme', /the API key determines the tenant/],
    ['tasks show r:s --url http://127.0.0.1:9 --home elsewhere', /--home selects the local stores/],
    ['runs list --url http://127.0.0.1:9 --config c.json', /--config selects the local stores/],
    ['runs list', /\$LLMTEAM_URL must be a URL/, { LLMTEAM_URL: 'nowhere', LLMTEAM_KEY: key }],
    ['runs list', /contains characters that no key has/, { ...environment, LLMTEAM_KEY: `${key}\nX-Other: 1` }],
    ['dev --url http://127.0.0.1:9', /unknown option '--url'/],
  ];

  for (const [line, expected, given = environment] of wrong) {
    test(
      `'${line}' is wrong usage: ${expected.source}`,
      () =>
        withCli(async ({ call }) => {
          const { code, stdout, stderr } = await call(line.split(' '), { environment: given });
          assert.equal([code, stdout], [2, ''], stderr);
          assert.match(stderr, /^error USAGE: /);
          assert.match(stderr, expected);
          assert.not.ok(stderr.includes(key) || stderr.includes('secret@'));
        }),
      patience,
    );
  }

  test(
    'a home or a configuration on the command line means the store here, whatever the environment says',
    () =>
      withCli(async ({ call }) => {
        const ended = await call(['runs', 'list', '--json', '--home', 'mine'], { environment });
        assert.equal(jsonOf(ended), emptyList);
      }),
    patience,
  );

  test(
    'warns of a key sent unencrypted, but not on loopback',
    () =>
      withOddServer(
        (response) => giveJson(response, 200, emptyList),
        ({ url }) =>
          withCli(async ({ call }) => {
            if (process.platform === 'win32') return notTestedHere('a key in the clear', 'Windows cannot call 0.0.0.0');
            const elsewhere = url.replace('127.0.0.1', '0.0.0.0');
            const warned = await call(['runs', 'list', '--json'], askingAt(elsewhere, key));
            assert.match(warned.stderr, /^warning: the API key is sent unencrypted to http:\/\/0\.0\.0\.0:/);
            assert.equal(jsonOf(warned), emptyList);
            assert.is((await call(['runs', 'list', '--json', '-q'], askingAt(elsewhere, key))).stderr, '');
            assert.is((await call(['runs', 'list', '--json'], askingAt(url, key))).stderr, '');
          }),
      ),
    patience,
  );

  test(
    'the log says what is asked for, without the key',
    () =>
      withOddServer(
        (response) => giveJson(response, 200, emptyList),
        ({ url }) =>
          withCli(async ({ call }) => {
            const { stderr } = await call(['runs', 'list', '--log-level', 'debug'], askingAt(url, key));
            assert.match(stderr, /^debug: GET http:\/\/\S+\/api\/v1\/runs\?limit=21: 200 in [0-9]+ ms, request none\n/);
            assert.not.ok(stderr.includes(key));
          }),
      ),
    patience,
  );
});

spec('pages of a gateway', (test) => {
  test(
    'are read to the end, however small they are',
    () =>
      withCli((cli: Cli) => {
        const event = (seq: number) => ({ seq, event_type: 'step.queued', event_id: `r:${seq}` }) as RunEvent;
        const row = (n: number) => ({
          run_id: `r${n}`,
          segment_id: 's',
          tenant_id: 't',
          status: 'completed',
          correlation_id: null,
          parent_run_id: null,
          started_at: new Date(1_000_000 - n).toISOString(),
          completed_at: null,
          duration_ms: null,
        });
        return withOddServer(
          (response, { url = '' }) => {
            const { pathname, searchParams } = new URL(url, 'http://localhost');
            const at = Number(searchParams.get('from_seq') ?? searchParams.get('cursor') ?? 1);
            const rest = [at, at + 1].filter((n) => n <= 5);
            if (pathname.endsWith('/events'))
              giveJson(response, 200, { events: rest.map(event), cursor: String(at + rest.length) });
            else giveJson(response, 200, { runs: rest.map(row), cursor: at + 2 <= 5 ? String(at + 2) : null });
          },
          async ({ url }) => {
            const events = eventsIn((await cli.call(['runs', 'events', 'r', '--json'], askingAt(url, key))).stdout);
            assert.equal(
              events.map(({ seq }) => seq),
              [1, 2, 3, 4, 5],
            );
            const listed = await cli.call(['runs', 'list', '--json', '--limit', '4'], askingAt(url, key));
            const { runs, cursor } = jsonOf<{ runs: { run_id: string }[]; cursor: string }>(listed);
            assert.equal(
              runs.map(({ run_id }) => run_id),
              ['r1', 'r2', 'r3', 'r4'],
            );
            const next = await cli.call(['runs', 'list', '--json', '--cursor', cursor], askingAt(url, key));
            assert.equal(
              jsonOf<{ runs: { run_id: string }[] }>(next).runs.map(({ run_id }) => run_id),
              ['r5'],
            );
          },
        );
      }),
    patience,
  );
});
