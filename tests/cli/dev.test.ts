import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { asking, echo } from '../gateway/support/segments.js';
import { until } from '../gateway/support/until.js';
import { spec } from '../support/spec.js';
import { with_cli } from './support/cli.js';
import { start_dev } from './support/dev-service.js';

const timeout_ms = 60_000;

spec('llmteam dev', (test) => {
  test(
    'makes a key at its first start, and keeps keys, segments and runs for the next',
    async () => {
      await with_cli(async (cli) => {
        const first = await start_dev(cli);
        assert.match(String(first.key), /^llmteam_/);
        const client = new LlmteamClient({ url: first.url, key: String(first.key) });
        await client.store_segment(echo);
        const run = await client.start_run('echo', { a: 1 }, { wait: 20 });
        assert.is(run.status, 'completed');
        assert.is((await fetch(`${first.url}/api/docs/rapidoc.js`)).status, 200);
        await first.stop();
        const second = await start_dev(cli);
        assert.is(second.key, null);
        const again = new LlmteamClient({ url: second.url, key: String(first.key) });
        assert.equal((await again.get_run(run.run_id)).output, { a: 1 });
        await second.stop();
      });
    },
    { timeout_ms },
  );

  test(
    'is asked by the other commands while it runs: keys, runs, tasks, the audit trail',
    async () => {
      await with_cli(async (cli) => {
        const running = await start_dev(cli);
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
        await client.store_segment(asking);
        const { run_id } = await client.start_run('asking', {});
        await until(async () => (await client.list_tasks()).tasks.length === 1);
        assert.match((await cli.call(['runs', 'list'])).stdout, new RegExp(run_id));
        const answered = await cli.call(['tasks', 'answer', `${run_id}:approve`, '--approve', '--by', 'bob']);
        assert.is(answered.code, 0, answered.stderr);
        assert.is((await client.get_run(run_id, { wait: 20 })).status, 'completed');
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
    { timeout_ms },
  );

  test(
    'has one page of metrics: of its runs, of its requests and of its process, each series once',
    async () => {
      await with_cli(async (cli) => {
        const running = await start_dev(cli);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.store_segment(echo);
        await client.start_run('echo', {}, { wait: 20 });
        const read = async (): Promise<string> => (await fetch(`${running.url}/metrics`)).text();
        const executed = 'llmteam_steps_executed_total{step_type="transform",tenant_id="default"} 1\n';
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
    { timeout_ms },
  );

  test(
    'keeps to the limits of the configuration, and lets in the pages of the file and of the command line',
    async () => {
      await with_cli(async (cli) => {
        const of_file = 'https://app.example.com';
        const of_option = 'http://localhost:5173';
        cli.write('llmteam.config.json', { gateway: { limits: { active_runs: 1 }, origins: [of_file] } });
        const running = await start_dev(cli, '0', ['--origin', of_option]);
        const client = new LlmteamClient({ url: running.url, key: String(running.key) });
        await client.store_segment(asking);
        await client.start_run('asking', {});
        await until(async () => (await client.list_tasks()).tasks.length === 1);
        const second = await client.start_run('asking', {}).catch(({ status }: { status: number }) => status);
        assert.is(second, 429);
        const allowed = async (Origin: string): Promise<string | null> => {
          const { headers } = await fetch(`${running.url}/health`, { headers: { Origin } });
          return headers.get('access-control-allow-origin');
        };
        assert.equal([await allowed(of_file), await allowed(of_option)], [of_file, of_option]);
        assert.not.equal(await allowed('https://evil.example.com'), 'https://evil.example.com');
        await running.stop();
      });
    },
    { timeout_ms },
  );

  test(
    'runs once in a home',
    async () => {
      await with_cli(async (cli) => {
        const running = await start_dev(cli);
        const second = await cli.call(['dev', '--port', '0']);
        assert.is(second.code, 1);
        assert.match(second.stderr, /STORE_LOCKED/);
        await running.stop();
      });
    },
    { timeout_ms },
  );
});
