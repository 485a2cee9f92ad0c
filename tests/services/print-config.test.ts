import * as assert from 'uvu/assert';
import { jsonOf, withCli } from '../cli/support/cli.js';
import { spec } from '../support/spec.js';

const patience = { timeoutMs: 60_000 };

interface Printed {
  readonly nats: Readonly<Record<string, unknown>>;
  readonly worker: Readonly<Record<string, unknown>>;
  readonly gateway: unknown;
}

spec('--print-config', (test) => {
  test(
    'prints the effective configuration: defaults, file, environment; secrets masked, handles verbatim',
    () =>
      withCli(async ({ write, call }) => {
        const file = write('other.json', {
          nats: { user: 'me', password: 'hunter22', partitions: 8 },
          gateway: { limits: { active_runs: 7 }, origins: ['https://app.example.com'] },
          llms: { one: { provider: 'openai-compatible', api_key: 'env:KEY' } },
        });
        const environment = {
          LLMTEAM_NATS_PARTITIONS: '16',
          LLMTEAM_NATS_TOKEN: 'psst-psst',
          LLMTEAM_GATEWAY_HTTP_PORT: '9000',
          KEY: 'never',
        };
        for (const service of ['coordinator', 'worker', 'gateway']) {
          const ended = await call(['serve', service, '--config', file, '--print-config'], { environment });
          assert.is(ended.code, 0, ended.stderr);
          const { nats, worker, gateway } = jsonOf<Printed>(ended);
          assert.is(nats.partitions, 16);
          assert.is(nats.password, '***');
          assert.is(nats.token, '***');
          assert.is(nats.namespace, 'llmteam');
          assert.is(worker.concurrency, 16);
          assert.equal(gateway, {
            http: { host: '127.0.0.1', port: 9_000 },
            origins: ['https://app.example.com'],
            limits: { active_runs: 7 },
            metrics: {},
            hosts: [],
            former_audit_keys: [],
          });
          assert.match(ended.stdout, '"api_key": "env:KEY"');
          assert.not.match(ended.stdout + ended.stderr, /hunter22|psst|never/);
        }
      }),
    patience,
  );

  test(
    'reports every error of a configuration instead',
    () =>
      withCli(async ({ call }) => {
        const environment = { LLMTEAM_NATS_PARTITIONS: '100', LLMTEAM_WORKER_TYPES: 'Not A Type' };
        const { code, stdout, stderr } = await call(['serve', 'worker', '--print-config'], { environment });
        assert.is(code, 1);
        assert.is(stdout, '');
        assert.match(stderr, /error CONFIG_INVALID[\s\S]*LLMTEAM_NATS_PARTITIONS[\s\S]*LLMTEAM_WORKER_TYPES/);
      }),
    patience,
  );
});
