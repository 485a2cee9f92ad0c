// takes: 15
import * as assert from 'uvu/assert';
import { jsonOf, withCli } from '../cli/support/cli.js';
import { chain } from '../cli/support/segments.js';
import { install } from '../support/installed-plugins.js';
import { spec } from '../support/spec.js';
import { type Installation, withInstallation } from './support/installation.js';
import { until } from './support/until.js';

const patience = { timeoutMs: 90_000 };

interface Finding {
  readonly name: string;
  readonly state: string;
  readonly message: string;
}

interface Diagnosis {
  readonly code: number | null;
  readonly ok: boolean;
  readonly checks: readonly Finding[];
  /** The messages of a check, each prefixed with its state. */
  of(name: string): string;
}

async function diagnose({ cli, environment }: Installation, more: Record<string, string> = {}): Promise<Diagnosis> {
  const ended = await cli.call(['doctor', '--json'], { environment: { ...environment, ...more } });
  const { ok, checks } = jsonOf<{ ok: boolean; checks: Finding[] }>(ended);
  const of = (name: string): string =>
    checks
      .filter((check) => check.name === name)
      .map(({ state, message }) => `${state}: ${message}`)
      .join('\n');
  return { code: ended.code, ok, checks, of };
}

const scan = chain(
  'scan',
  [
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
    { step_id: 'read', type: 'ocr@1' },
  ],
  { params: { timeout_seconds: null } },
);

spec('doctor', (test) => {
  test(
    'fails with the list if live runs need a version that no live worker has',
    () =>
      withInstallation({}, async (installation) => {
        const { cli } = installation;
        install(cli.folder, { alias: 'acme-ocr', name: 'ocr', version: '1.4.0', types: ['ocr'] });
        cli.write('llmteam.config.json', { plugins: [{ package: 'acme-ocr', isolation: 'inline' }] });
        await installation.start('coordinator').ready();
        const worker = await installation.start('worker').ready();
        const run = { run_id: '' };
        await installation.withClient(async (client) => {
          run.run_id = (await client.start(scan)).run_id;
        });
        assert.match((await diagnose(installation)).of('versions'), /^warning: no gateway has reported/);
        await installation.start('gateway').ready();
        await until('a report', async () => {
          return (
            (await diagnose(installation)).of('versions') === 'ok: every version that live runs need is provided' ||
            null
          );
        });
        await worker.stop();
        cli.write('llmteam.config.json', {});
        await installation.start('worker').ready();
        const { code, of } = await diagnose(installation);
        assert.is(code, 1);
        assert.is(of('versions'), `problem: nothing provides ocr 1.4.0: run ${run.run_id}`);
      }),
    patience,
  );

  test(
    'warns if workers differ in which plugin brings a step type',
    () =>
      withInstallation({}, async (installation) => {
        const { cli } = installation;
        for (const [name, version] of [
          ['ocr', '1.4.0'],
          ['scanner', '1.5.0'],
        ] as const) {
          install(cli.folder, { alias: `acme-${name}`, name, version, types: ['ocr'] });
          cli.write('llmteam.config.json', { plugins: [{ package: `acme-${name}`, isolation: 'inline' }] });
          await installation.start('worker').ready();
        }
        assert.match(
          (await diagnose(installation)).of('plugins'),
          /^warning: workers differ in which plugin brings 'ocr@1': 'ocr' on \S+; 'scanner' on \S+; a step of it may be run by any/m,
        );
      }),
    patience,
  );

  test(
    'finds nothing wrong with a server on which nothing is installed yet, and installs nothing',
    () =>
      withInstallation({}, async (installation) => {
        for (let look = 0; look < 2; look++) {
          const { code, ok, of } = await diagnose(installation);
          assert.is(code, 0);
          assert.is(ok, true);
          assert.match(of('node'), process.version);
          assert.match(of('plugins'), /^ok: 4 plugins with 3 task types and \d+ control types$/);
          assert.match(of('server'), /^ok: reached 127\.0\.0\.1:\d+$/);
          assert.match(of('version'), new RegExp(`^ok: nats-server ${installation.server.version}`));
          assert.is(of('streams'), 'warning: none yet; the first coordinator or worker creates them');
          assert.is(of('coordinators'), '');
        }
      }),
    patience,
  );

  test(
    'says who works in an installation, which types nobody serves, and what each setting promises',
    () =>
      withInstallation({}, async (installation) => {
        const coordinator = await installation.start('coordinator').ready();
        const { coordinator_id } = await coordinator.logged('the coordinator has joined');
        await (await installation.start('worker').ready()).stop();
        const worker = await installation.start('worker', { LLMTEAM_WORKER_TYPES: 'transform' }).ready();
        const { worker_id } = await worker.logged('the worker takes jobs');
        const { code, of } = await diagnose(installation);
        assert.is(code, 0);
        assert.match(of('streams'), /^ok: 7 streams as configured: \d+ messages?, /);
        assert.match(of('durability of the journal'), /^warning: one copy on disk: .*`sync_interval: always`/);
        assert.match(of('durability of jobs'), /^ok: in memory: .* recreated from the journal/);
        assert.match(of('repeats'), /within 30 s is stored once/);
        assert.match(of('clock'), /^ok: within 250 ms/);
        assert.is(of('coordinators'), `ok: 1 coordinator: ${coordinator_id}`);
        assert.match(of('workers'), `ok: transform@0: 1 worker (${worker_id})`);
        assert.match(of('workers'), 'warning: no worker serves http_action@0, llm_agent@0; steps of these types wait');
        const plain = await installation.cli.call(['doctor'], { environment: installation.environment });
        assert.match(plain.stdout, /^ok {7}jetstream: enabled$/m);
        assert.match(plain.stdout, /^warning {2}workers: no worker serves/m);
      }),
    patience,
  );

  test(
    'says that nobody lives after all have stopped',
    () =>
      withInstallation({}, async (installation) => {
        await (await installation.start('coordinator').ready()).stop();
        const { code, of } = await diagnose(installation);
        assert.is(code, 0);
        assert.is(of('coordinators'), 'warning: none running: runs are accepted but not driven');
        assert.is(of('workers'), 'warning: none running: steps wait');
      }),
    patience,
  );

  test(
    'says how the streams differ from the configuration',
    () =>
      withInstallation({}, async (installation) => {
        await (await installation.start('coordinator').ready()).stop();
        const { code, ok, of } = await diagnose(installation, { LLMTEAM_NATS_PARTITIONS: '3' });
        assert.is(code, 1);
        assert.is(ok, false);
        assert.match(of('streams'), /problem: .*it is one of 4 partitions, expected 3: the number is fixed/);
        const refused = await installation.start('coordinator', { LLMTEAM_NATS_PARTITIONS: '3' }).ended;
        assert.is(refused.code, 1);
        assert.match(refused.stderr, /error BACKEND_UNSUITABLE: .*it is one of 4 partitions/);
      }),
    patience,
  );

  test(
    'says that JetStream is off, and that credentials are refused, as the services do',
    async () => {
      await withInstallation({ server: { jetstream: false } }, async (installation) => {
        const { code, of } = await diagnose(installation);
        assert.is(code, 1);
        assert.match(of('jetstream'), /^problem: /);
        assert.is((await installation.start('worker').ended).code, 1);
      });
      const server = { config: 'authorization { token: "right-token" }' };
      await withInstallation({ server, environment: { LLMTEAM_NATS_TOKEN: 'wrong-token' } }, async (installation) => {
        const { code, of } = await diagnose(installation);
        assert.is(code, 1);
        assert.match(of('server'), /^problem: .*refuses the credentials$/);
        const refused = await installation.start('coordinator').ended;
        assert.is(refused.code, 1);
        assert.match(refused.stderr, /error BACKEND_UNSUITABLE: .*refuses the credentials/);
        assert.not.match(refused.stderr + JSON.stringify(of('server')), /wrong-token/);
      });
    },
    patience,
  );

  test(
    'goes as far as it can: a wrong configuration, a plugin that is missing, a server that is not there',
    () =>
      withCli(async (cli) => {
        cli.write('llmteam.config.json', { nats: { partitions: 0, server: [] }, worker: { http: { port: 'x' } } });
        const wrong = await cli.call(['doctor', '--json']);
        assert.is(wrong.code, 1);
        const { message } = jsonOf<{ checks: Finding[] }>(wrong).checks.at(-1) as Finding;
        const faults = [
          "unknown key 'server' in 'nats'",
          "'nats.partitions' must be at least 1",
          "'worker.http.port' must be",
        ];
        for (const words of faults) assert.ok(message.includes(words), message);
        cli.write('llmteam.config.json', { plugins: ['nowhere'], nats: { password: 'env:NO_SUCH', user: 'me' } });
        const environment = { LLMTEAM_NATS_SERVERS: 'nats://127.0.0.1:1', LLMTEAM_NATS_SERVRES: 'x' };
        const far = await cli.call(['doctor', '--json'], { environment });
        assert.is(far.code, 1);
        const found = jsonOf<{ checks: Finding[] }>(far).checks.map(({ state, message: said }) => `${state}: ${said}`);
        const told = [
          'warning: the variable LLMTEAM_NATS_SERVRES does not match any configuration key',
          'problem: the variable NO_SUCH is not set, but the connection needs it',
          "problem: plugin 'nowhere' is not installed",
          'problem: the environment variable NO_SUCH is not set',
        ];
        for (const words of told)
          assert.ok(
            found.some((line) => line.startsWith(words)),
            `${words}\n${found.join('\n')}`,
          );
        cli.write('llmteam.config.json', {});
        const gone = await cli.call(['doctor'], { environment });
        assert.is(gone.code, 1);
        assert.match(gone.stdout, /^problem {2}server: the NATS server nats:\/\/127\.0\.0\.1:1 cannot be reached/m);
      }),
    patience,
  );
});
