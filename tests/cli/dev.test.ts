// takes: 20
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { asking, echo } from '../gateway/support/segments.js';
import { until } from '../gateway/support/until.js';
import { spec } from '../support/spec.js';
import { withCli } from './support/cli.js';
import { type DevService, startDev } from './support/dev-service.js';

const timeoutMs = 60_000;

/** By default it is quiet about its runs; SIGUSR2 changes that. */
async function tellsMoreOnRequest({ started }: DevService, client: LlmteamClient): Promise<void> {
  const says = (text: RegExp): Promise<unknown> =>
    started.until(String(text), ({ stderr }) => (text.test(stderr) ? true : undefined));
  started.signal('SIGUSR2');
  await says(/the log level was changed by a signal\n.*log_level: "debug"/);
  const { run_id } = await client.startRun('echo', { input_data: { a: 1 } }, { wait: 20 });
  await says(new RegExp(`step completed\\n.*run_id: "${run_id}"`));
  started.signal('SIGUSR2');
  await says(/log_level: "warn"/);
}

spec('llmteam dev', (test) => {
  test(
    'makes a key at its first start, and keeps keys, segments and runs for the next',
    async () => {
      await withCli(async (cli) => {
        const first = await startDev(cli);
        assert.match(String(first.key), /^llmteam_/);
        const client = new LlmteamClient({ url: first.url, key: String(first.key) });
        await client.storeSegment(echo);
        const run = await client.startRun('echo', { input_data: { a: 1 } }, { wait: 20 });
        assert.is(run.status, 'completed');
        assert.is((await fetch(`${first.url}/api/docs/rapidoc.js`)).status, 200);
        await tellsMoreOnRequest(first, client);
        await first.stop();
        const second = await startDev(cli);
        assert.is(second.key, null);
        const again = new LlmteamClient({ url: second.url, key: String(first.key) });
        assert.equal((await again.getRun(run.run_id)).output, { a: 1 });
        await second.stop();
      });
    },
    { timeoutMs },
  );

  test(
    'is asked by the other commands while it runs: keys, runs, tasks, the audit trail',
    async () => {
      await withCli(async (cli) => {
        const running = await startDev(cli);
        const made = await cli.call([
          'keys',
          'create',
          '--role',
          'author',
          '--name',
          'ada',
          '--expires',
          '1h',
          '--json',
        ]);
        const { key, prefix } = JSON.parse(made.stdout);
        const client = new LlmteamClient({ url: running.url, key });
        await client.storeSegment(asking);
        const { run_id } = await client.startRun('asking');
        await until(async () => (await client.listTasks()).tasks.length === 1);
        assert.match((await cli.call(['runs', 'list'])).stdout, new RegExp(run_id));
        const answered = await cli.call(['tasks', 'answer', `${run_id}:approve`, '--approve', '--by', 'bob']);
        assert.is(answered.code, 0, answered.stderr);
        assert.is((await client.getRun(run_id, { wait: 20 })).status, 'completed');
        assert.match((await cli.call(['audit', 'verify'])).stdout, /^intact: 2 records/);
        assert.match((await cli.call(['keys', 'list'])).stdout, /ada +valid until/);
        assert.is((await cli.call(['keys', 'revoke', prefix])).code, 0);
        await until(async () =>
          client.catalog().then(
            () => false,
            ({ status }) => status === 401,
          ),
        );
        await running.stop();
        assert.match((await cli.call(['keys', 'list'])).stdout, /ada +revoked/);
        assert.ok(existsSync(join(cli.folder, '.llmteam')));
      });
    },
    { timeoutMs },
  );

  test(
    'seals the audit trail with a configured key, and verify shows a head that it expects later',
    async () => {
      await withCli(async (cli) => {
        cli.write('llmteam.config.json', { gateway: { audit_key: 'a literal key of the audit trail' } });
        const running = await startDev(cli);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.storeSegment(asking);
        const verified = await cli.call(['audit', 'verify']);
        const [, head = ''] =
          /^intact: 1 records on 1 pages, 1 of them keyed\nhead: ([0-9a-f]{64})\n$/.exec(verified.stdout) ?? [];
        await client.deleteSegment('asking');
        await running.stop();
        assert.is((await cli.call(['audit', 'verify', '--expect-head', head])).code, 0);
        const other = await cli.call([
          'audit',
          'verify',
          '--expect-head',
          head.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
        ]);
        assert.equal([other.code, /^not intact: no page has the expected head/.test(other.stdout)], [1, true]);
        cli.write('llmteam.config.json', {});
        const unkeyed = await cli.call(['audit', 'verify']);
        assert.equal([unkeyed.code, /a key that is not configured/.test(unkeyed.stdout)], [1, true]);
      });
    },
    { timeoutMs },
  );

  test(
    'has one page of metrics: of its runs, of its requests and of its process, each series once',
    async () => {
      await withCli(async (cli) => {
        const running = await startDev(cli);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.storeSegment(echo);
        await client.startRun('echo', {}, { wait: 20 });
        const read = async (): Promise<string> => (await fetch(`${running.url}/metrics`)).text();
        const executed = 'llmteam_steps_executed_total{step_type="transform"} 1\n';
        await until(async () => (await read()).includes(executed));
        const text = await read();
        const declared = [...text.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name = '']) => name);
        assert.equal(declared, [...new Set(declared)]);
        for (const name of [
          'llmteam_segments_started_total',
          'llmteam_gateway_requests_total',
          'process_resident_memory_bytes',
          'nodejs_eventloop_lag_p99_seconds',
        ])
          assert.ok(declared.includes(name), name);
        assert.match(text, /^process_resident_memory_bytes\{service="dev"\} \d+$/m);
        await running.stop();
      });
    },
    { timeoutMs },
  );

  test(
    'keeps to the limits of the configuration, and lets in the pages of the file and of the command line',
    async () => {
      await withCli(async (cli) => {
        const ofFile = 'https://app.example.com';
        const ofOption = 'http://localhost:5173';
        cli.write('llmteam.config.json', { gateway: { limits: { active_runs: 1 }, origins: [ofFile] } });
        const running = await startDev(cli, '0', ['--origin', ofOption]);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.storeSegment(asking);
        await client.startRun('asking');
        await until(async () => (await client.listTasks()).tasks.length === 1);
        const second = await client.startRun('asking').catch(({ status }: { status: number }) => status);
        assert.is(second, 429);
        const allowed = async (Origin: string): Promise<string | null> => {
          const { headers } = await fetch(`${running.url}/health`, { headers: { Origin } });
          return headers.get('access-control-allow-origin');
        };
        assert.equal([await allowed(ofFile), await allowed(ofOption)], [ofFile, ofOption]);
        assert.not.equal(await allowed('https://evil.example.com'), 'https://evil.example.com');
        await running.stop();
      });
    },
    { timeoutMs },
  );

  test(
    'a port that is taken is an error with the address and what to do, and no key is lost',
    async () => {
      await withCli(async (cli) => {
        const running = await startDev(cli);
        const { port } = new URL(running.url);
        const refused = await cli.call(['--home', 'other', 'dev', '--port', port]);
        assert.is(refused.code, 1);
        const reason = `another program is using port ${port}; stop that program or choose another port (--host, --port)`;
        assert.is(refused.stderr, `error CONFIG_INVALID: cannot listen on 127.0.0.1:${port}: ${reason}\n`);
        await running.stop();
        const next = await startDev(cli, '0', ['--home', 'other']);
        assert.match(String(next.key), /^llmteam_/);
        await next.stop();
      });
    },
    { timeoutMs },
  );

  test(
    'runs once in a home',
    async () => {
      await withCli(async (cli) => {
        const running = await startDev(cli);
        const second = await cli.call(['dev', '--port', '0']);
        assert.is(second.code, 1);
        assert.match(
          second.stderr,
          `error STORE_LOCKED: 'llmteam dev' is already running in this folder, at ${running.url} (process `,
        );
        await running.stop();
      });
    },
    { timeoutMs },
  );
});
