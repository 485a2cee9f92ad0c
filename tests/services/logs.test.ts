// takes: 15
import type { Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { program } from '../cli/support/cli.js';
import { spec } from '../support/spec.js';
import { withInstallation } from './support/installation.js';
import { linesOf, Service } from './support/service.js';

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

const slowPackage = {
  name: 'slow',
  version: '1.0.0',
  type: 'module',
  exports: './index.js',
  llmteam: { kind: 'task', name: 'slow', api: 1 },
};

/** A plugin whose handler takes a while, in a process of its own. */
const slowType = `export default { name: 'slow', api: 1, stepTypes: [{ kind: 'task', metadata: { type_id: 'slow',
    display_name: 'S', description: 'Takes a while.', category: 'utility', icon: 'x', color: '#000', config_schema: {},
    examples: [{}], permissions: [], input_ports: [{ name: '*', type: 'any', description: 'x', required: false }],
    output_ports: [{ name: 'output', type: 'any', description: 'x', required: false }], supports_retry: true,
    supports_timeout: true, supports_parallel: true, is_async: false, docs_url: '' },
  run: async (context) => {
    context.log.info({}, 'at work');
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { output: 1 };
  } }] };`;

const slowSegment: Segment = {
  segment_id: 'slow',
  name: 'Slow',
  entrypoint: 'wait',
  params: { max_retries: 0 },
  steps: [{ step_id: 'wait', type: 'slow' }],
};

/** Both log the failed attempt, with the ids that the run, the step and the trace are looked for by. */
async function tellOfTheRun(coordinator: Service, worker: Service): Promise<void> {
  const started = await coordinator.logged('run started');
  const ids = { run_id: started.run_id, tenant_id: 'acme', segment_id: 'loose', trace_id: started.trace_id };
  const ofStep = { ...ids, step: 'tell', step_id: 'tell', step_type: 'loose', attempt: 1 };
  const expected: [Service, string, string, object][] = [
    [worker, 'attempt started', 'debug', ofStep],
    [worker, 'attempt failed', 'info', { ...ofStep, error_code: 'STEP_FAILED' }],
    [coordinator, 'step queued', 'debug', ofStep],
    [coordinator, 'step failed', 'warn', { ...ofStep, error_code: 'STEP_FAILED' }],
    [coordinator, 'run failed', 'warn', ids],
  ];
  for (const [service, message, level, fields] of expected) {
    const line = await service.logged(message);
    assert.is(line.level, level, message);
    assert.equal(Object.fromEntries(Object.keys(fields).map((key) => [key, line[key]])), fields, message);
  }
}

/** What a process has logged from a change of its level on. */
async function changed(service: Service, level: string, count: number): Promise<void> {
  const message = 'the log level was changed by a signal';
  await service.started.until(`change ${count} of the level`, ({ stderr }) => {
    const found = linesOf(stderr).filter(({ msg }) => msg === message);
    return found.length === count && found.at(-1)?.log_level === level ? true : undefined;
  });
}

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
        await tellOfTheRun(coordinator, worker);
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
    'tell more after SIGUSR2 and less after another, and a handler in a process of its own goes on',
    () =>
      withInstallation({}, async (installation) => {
        const { cli } = installation;
        cli.write('slow/package.json', slowPackage);
        cli.write('slow/index.js', slowType);
        cli.write('llmteam.config.json', { plugins: ['./slow'] });
        const words = ['setsid', process.execPath, program, 'serve', 'worker'];
        const worker = new Service(cli.launch(words, { environment: installation.environment }), 'worker');
        const coordinator = installation.start('coordinator');
        const gateway = installation.start('gateway');
        await Promise.all([worker.ready(), coordinator.ready(), gateway.ready()]);
        await installation.withClient(async (client) => {
          const quiet = await client.start(slowSegment);
          await client.ended(quiet);
          const run = await client.start(slowSegment);
          await worker.started.until('a handler at work', ({ stderr }) =>
            linesOf(stderr).filter(({ msg }) => msg === 'at work').length === 2 ? true : undefined,
          );
          // To the whole group, as a terminal or a supervisor may send it.
          process.kill(-worker.pid, 'SIGUSR2');
          coordinator.signal('SIGUSR2');
          gateway.signal('SIGUSR2');
          for (const service of [worker, coordinator, gateway]) await changed(service, 'debug', 1);
          assert.is((await client.ended(run)).status, 'completed');
          for (const [service, message] of [
            [worker, 'attempt completed'],
            [coordinator, 'step completed'],
          ] as const) {
            assert.is((await service.logged(message)).run_id, run.run_id);
          }
          await gateway.get('/api/v1/runs?token=not-to-be-logged');
          const { operation, status } = await gateway.logged('request completed');
          assert.equal([operation, status], ['list_runs', 401]);
        });
        for (const service of [worker, coordinator, gateway]) {
          service.signal('SIGUSR2');
          await changed(service, 'info', 2);
        }
        await gateway.get('/api/v1/runs');
        const { stderr } = await gateway.stop();
        assert.is(linesOf(stderr).filter(({ operation }) => operation === 'list_runs').length, 1);
        assert.not.ok(stderr.includes('not-to-be-logged'));
        for (const service of [worker, coordinator]) assert.is((await service.stop()).code, 0);
      }),
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
