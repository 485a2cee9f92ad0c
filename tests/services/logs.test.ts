// takes: 15
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { linesOf } from './support/service.js';

const patience = { timeoutMs: 90_000 };
const token = 'token-of-the-server';
const key = 'sk-canary-0123456789';

/** A plugin that logs everything it knows. */
const looseTongue = `export default { name: 'loose', api: 1, stepTypes: [{ kind: 'task', metadata: { type_id: 'loose',
    display_name: 'L', description: 'Says what it should not.', category: 'utility', icon: 'x', color: '#000', config_schema: {},
    examples: [{}], permissions: ['secret:key'], input_ports: [{ name: '*', type: 'any', description: 'x', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'x', required: false }], supports_retry: true,
    supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' },
  run: async (context) => {
    const secret = context.secret('key');
    context.log.info({ secret_key: secret, deep: { list: [secret], headers: { authorization: 'Bearer ' + secret } } }, 'I know ' + secret);
    throw new TypeError('could not use ' + secret);
  } }] };`;

spec('logs of services', (test) => {
  test(
    'name run, step and tenant, and hold neither the secrets of steps nor those of the connection',
    () => {
      const server = { config: `authorization { token: "${token}" }` };
      const environment = {
        LLMTEAM_NATS_TOKEN: 'env:NATS_TOKEN',
        NATS_TOKEN: token,
        CANARY: key,
        LLMTEAM_LOG_LEVEL: 'debug',
      };
      return withInstallation({ server, environment }, async (installation) => {
        const { cli } = installation;
        cli.write('loose/package.json', {
          name: 'loose',
          version: '1.0.0',
          type: 'module',
          exports: './index.js',
          llmteam: { kind: 'task', name: 'loose', api: 1, permissions: { secrets: ['key'] } },
        });
        cli.write('loose/index.js', looseTongue);
        cli.write('llmteam.config.json', {
          plugins: [{ package: './loose', grant: 'declared' }],
          secrets: { key: 'env:CANARY' },
        });
        const coordinator = await installation.start('coordinator').ready();
        const worker = await installation.start('worker').ready();
        await installation.withClient(async (client) => {
          const segment = {
            segment_id: 'loose',
            name: 'Loose',
            entrypoint: 'tell',
            params: { max_retries: 0 },
            steps: [{ step_id: 'tell', type: 'loose' }],
          };
          const run = await client.start(segment);
          assert.is((await client.ended(run)).status, 'failed');
          const line = await worker.logged('I know [redacted]');
          const { run_id, step_id, tenant_id, worker_id } = line;
          assert.equal({ run_id, step_id, tenant_id }, { run_id: run.run_id, step_id: 'tell', tenant_id: 'acme' });
          assert.type(worker_id, 'string');
        });
        for (const service of [coordinator, worker]) {
          const { stderr, stdout } = await service.stop();
          assert.ok(linesOf(stderr).length >= 3, stderr);
          for (const secret of [token, key])
            assert.not.ok(`${stdout}${stderr}`.includes(secret), `${secret} in\n${stderr}`);
          for (const line of linesOf(stderr)) assert.is(line.service, service.name);
        }
      });
    },
    patience,
  );

  test(
    'are words on request, and warn of variables that name no key',
    () =>
      withInstallation({}, async (installation) => {
        const worker = installation.start('worker', { LLMTEAM_LOG_FORMAT: 'pretty', LLMTEAM_WORKER_SLOTS: '3' });
        await worker.started.until(
          'a worker at work',
          ({ stderr }) => /the worker takes jobs/.test(stderr) || undefined,
        );
        const { code, stderr } = await worker.stop();
        assert.is(code, 0);
        assert.match(stderr, /WARN.*: this variable does not match any configuration key\n.*LLMTEAM_WORKER_SLOTS/);
        assert.is(linesOf(stderr).length, 0);
      }),
    patience,
  );

  test(
    'and what a service says of its end hold no secret either: a plugin that tells one while it starts',
    () =>
      withInstallation({ environment: { CANARY: key } }, async (installation) => {
        const { cli } = installation;
        const manifest = { name: 'teller', version: '1.0.0', type: 'module', exports: './index.js' };
        cli.write('teller/package.json', { ...manifest, llmteam: { kind: 'task', name: 'teller', api: 1 } });
        const start = "async (host) => { throw new Error('cannot start with ' + host.settings.key); }";
        cli.write('teller/index.js', `export default { name: 'teller', api: 1, start: ${start} };`);
        const settings = { teller: { key } };
        cli.write('llmteam.config.json', { plugins: ['./teller'], settings, secrets: { key: 'env:CANARY' } });
        const { code, stdout, stderr } = await installation.start('worker').ended;
        assert.is(code, 1);
        assert.match(
          stderr,
          "error PLUGIN_FAILED: plugin './teller' could not be started: cannot start with [redacted]",
        );
        assert.not.ok(`${stdout}${stderr}`.includes(key));
      }),
    patience,
  );
});
