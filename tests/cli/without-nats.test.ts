// takes: 10
import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { type Cli, jsonOf, withCli } from './support/cli.js';
import { startDev } from './support/dev-service.js';
import { doubling } from './support/segments.js';

const patience = { timeoutMs: 90_000 };

/** Nothing listens there, so that a server on this machine does not matter. */
const nowhere = { LLMTEAM_NATS_SERVERS: 'nats://127.0.0.1:1' };

interface Diagnosis {
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly state: string; readonly message: string }[];
}

spec('a folder without a NATS installation', (test) => {
  test(
    'has nothing wrong for the doctor, which says where the runs are; --nats insists on a server',
    () =>
      withoutServer(async ({ write, call }) => {
        write('doubling.json', doubling);
        const before = await call(['doctor']);
        assert.is(before.code, 0, before.stdout);
        assert.match(before.stdout, /^ok {7}local stores: none yet; the first run creates one in '.*\.llmteam'$/m);
        await call(['run', 'doubling.json']);
        const after = await call(['doctor', '--json']);
        assert.is(after.code, 0);
        const { ok, checks } = jsonOf<Diagnosis>(after);
        assert.is(ok, true);
        const of = (name: string) => checks.find((check) => check.name === name);
        assert.is(of('server')?.state, 'warning');
        assert.match(of('server')?.message ?? '', /no NATS installation is configured.*only 'llmteam serve' needs one/);
        assert.match(of('local stores')?.message ?? '', /^1 store in /);
        const strict = await call(['doctor', '--nats']);
        assert.is(strict.code, 1);
        assert.match(strict.stdout, /^problem {2}server: .* cannot be reached/m);
      }),
    patience,
  );

  test(
    'lists the dead letters of its stores; a configured server that does not answer is an error',
    () =>
      withoutServer(async ({ call }) => {
        const [none, json, insisted, configured] = await Promise.all([
          call(['dead-letters']),
          call(['dead-letters', '--json']),
          call(['dead-letters', '--nats']),
          call(['dead-letters'], { environment: nowhere }),
        ]);
        assert.is(none.code, 0, none.stderr);
        assert.match(none.stderr, /No dead letters\./);
        assert.equal(jsonOf(json), { dead_letters: [], cursor: null });
        for (const ended of [insisted, configured]) {
          assert.is(ended.code, 1);
          assert.match(ended.stderr, /error BACKEND_UNREACHABLE/);
        }
      }),
    patience,
  );

  test(
    'in which only commands ran has an empty audit trail, and audit verify says what it would hold',
    () =>
      withCli(async (cli) => {
        cli.write('doubling.json', doubling);
        await cli.call(['run', 'doubling.json']);
        const empty = await cli.call(['audit', 'verify']);
        assert.is(empty.code, 0);
        assert.is(empty.stdout, 'intact: 0 records on 0 pages\n');
        assert.match(
          empty.stderr,
          /^There was nothing to verify: tenant 'default' has no records\. Changes made through the API/,
        );
        assert.is(jsonOf<{ records: number }>(await cli.call(['audit', 'verify', '--json'])).records, 0);
        const expected = await cli.call(['audit', 'verify', '--expect-head', 'a'.repeat(64)]);
        assert.is(expected.code, 1, 'a trail that had records is not empty');
        const { url, key, stop } = await startDev(cli);
        await fetch(`${url}/api/v1/segments`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(doubling),
        });
        const after = await cli.call(['audit', 'verify']);
        assert.match(after.stdout, /^intact: \d+ records on 1 pages/);
        assert.is(after.stderr, '');
        await stop();
      }),
    patience,
  );
});

/** Without configuration, commands look for a server at the default address. */
async function withoutServer(use: (cli: Cli) => Promise<void>): Promise<void> {
  if (!(await answersLocally(4222))) return withCli(use);
  notTestedHere('a folder without a NATS installation', 'a server listens at 127.0.0.1:4222');
}

function answersLocally(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
