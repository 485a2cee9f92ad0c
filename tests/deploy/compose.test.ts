// timeout: 300
// takes: 20
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CatalogPage } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { type Cli, withCli } from '../cli/support/cli.js';
import { Installation } from '../services/support/installation.js';
import { until } from '../services/support/until.js';
import { defaultSuite, natsBinary } from '../support/nats/server-binary.js';
import { spec } from '../support/spec.js';
import { type ComposeFile, type ComposeService, readComposeFile } from './compose-file.js';
import { Container, type ContainerPlan } from './container.js';
import { readDockerfile } from './dockerfile.js';

const root = join(import.meta.dirname, '../../..');
const compose = readComposeFile(readFileSync(join(root, 'docker-compose.yml'), 'utf8'));
const image = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));

async function planOf(name: string, service: ComposeService): Promise<ContainerPlan> {
  const common = { name, service, root };
  if (service.build === undefined) {
    const { path } = await natsBinary(defaultSuite());
    return { ...common, entrypoint: [path], environment: {}, healthcheck: [], listens: [4_222, 8_222], paths: {} };
  }
  const { entrypoint, environment, healthcheck, ports } = image;
  return {
    ...common,
    entrypoint,
    environment,
    healthcheck,
    listens: ports.map(Number),
    paths: { '/llmteam/': `${root}/` },
  };
}

/** Like `docker compose up`: starts each container once its dependencies are healthy. */
async function up(file: ComposeFile, cli: Cli, containers: Container[]): Promise<void> {
  const waiting = new Map(Object.entries(file.services));
  while (waiting.size > 0) {
    const next = [...waiting].find(([, { depends_on = {} }]) =>
      Object.keys(depends_on).every((one) => !waiting.has(one)),
    );
    if (next === undefined) throw new Error('the services depend on each other');
    const [name, service] = next;
    await dependenciesOf(service, containers);
    for (let number = 1; number <= (service.deploy?.replicas ?? 1); number++) {
      const plan = await planOf(name, service);
      containers.push(
        await Container.start({ ...plan, name: number === 1 ? name : `${name}-${number}` }, cli, containers),
      );
    }
    waiting.delete(name);
  }
}

async function dependenciesOf({ depends_on = {} }: ComposeService, containers: readonly Container[]): Promise<void> {
  for (const [name, { condition }] of Object.entries(depends_on)) {
    assert.is(condition, 'service_healthy');
    for (const container of containers) if (container.plan.name.startsWith(name)) await container.healthy();
  }
}

/** In reverse order; each container must exit by itself within its grace period. */
async function down(containers: readonly Container[]): Promise<void> {
  for (const container of [...containers].reverse()) {
    const { code, written } = await container.stop();
    assert.is(code, 0, `${container.plan.name} ended with ${code}:\n${written}`);
  }
}

/** Calls the gateway with a key created as the compose file describes. */
async function askGateway(gateway: Container, cli: Cli, environment: Readonly<Record<string, string>>): Promise<void> {
  const made = await cli.call(['keys', 'create', '--nats', '--role', 'admin'], { environment });
  assert.is(made.code, 0, made.stderr);
  const headers = { Authorization: `Bearer ${made.stdout.trim()}` };
  const page = await until('an answer of the gateway', async () => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port(8_080)}/api/v1/catalog`, { headers });
    return answer.status === 200 ? ((await answer.json()) as CatalogPage) : null;
  });
  assert.is(page.types.find(({ type_id }) => type_id === 'transform')?.workers, 2);
}

spec('docker-compose.yml', (test) => {
  test(
    'comes up healthy, runs a segment, finds nothing wrong with itself, and goes down clean',
    () =>
      withCli(async (cli) => {
        const containers: Container[] = [];
        await up(compose, cli, containers);
        for (const container of containers) await container.healthy();
        const names = containers.map(({ plan }) => plan.name);
        assert.equal(names, ['nats', 'coordinator', 'gateway', 'worker', 'worker-2']);
        const nats = containers[0] as Container;
        const environment = { LLMTEAM_NATS_SERVERS: `nats://127.0.0.1:${nats.port(4_222)}` };
        const segment = {
          segment_id: 'hello',
          name: 'Hello',
          entrypoint: 'greet',
          steps: [{ step_id: 'greet', type: 'transform', config: { expression: '"hello " + input.name' } }],
        };
        const installation = new Installation(null, cli, environment);
        await installation.withClient(async (client) => {
          const view = await client.ended(await client.start(segment, { name: 'Ada' }));
          assert.is(view.output, 'hello Ada');
        });
        const { code, stdout } = await cli.call(['doctor'], { environment });
        assert.is(code, 0, stdout);
        assert.match(stdout, /workers: transform@0: 2 workers/);
        for (const container of containers.slice(1)) {
          const ready = await fetch(`http://127.0.0.1:${container.port(8_080)}/ready`);
          assert.is(ready.status, 200);
        }
        await askGateway(containers.find(({ plan }) => plan.name === 'gateway') as Container, cli, environment);
        await down(containers);
      }),
    { timeoutMs: 240_000 },
  );

  test('has a server that syncs every write, volumes for what must stay, and time to drain', () => {
    const { nats, ...services } = compose.services;
    const [conf = '', data = ''] = nats?.volumes ?? [];
    const text = readFileSync(join(root, conf.split(':')[0] ?? ''), 'utf8');
    assert.match(text, /^ {2}sync_interval: always$/m);
    assert.match(text, new RegExp(`store_dir: ${data.split(':')[1]}$`, 'm'));
    assert.ok(Object.hasOwn(compose.volumes, data.split(':')[0] ?? ''));
    assert.is(services.worker?.deploy?.replicas, 2);
    for (const service of Object.values(services)) {
      assert.is(service.build, '.');
      assert.ok(Number.parseInt(service.stop_grace_period ?? '0', 10) > 30 + 10, 'longer than drain_seconds');
    }
    for (const { ports = [], restart } of Object.values(compose.services)) {
      assert.is(restart, 'unless-stopped');
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, 'nothing is open to others by default');
    }
  });
});

spec('Dockerfile', (test) => {
  test('makes one image of several stages that runs as nobody special and can be asked for its health', () => {
    assert.ok(image.stages.length >= 2);
    assert.is(image.user, 'node');
    assert.is(image.workingDir, '/work');
    assert.equal(image.ports, ['8080']);
    assert.match(image.healthcheck.join(' '), /127\.0\.0\.1:8080\/health/);
    const steps = image.stages.flatMap(({ instructions }) => instructions.map(({ name, text }) => `${name} ${text}`));
    assert.ok(steps.some((step) => step.startsWith('RUN') && step.includes('npm ci --omit=dev')));
    assert.not.ok(
      steps.some((step) => /\b(curl|apt-get|npx -y|ADD http)/.test(step)),
      'nothing unpinned is fetched',
    );
    const last = image.stages.at(-1)?.instructions ?? [];
    assert.equal(
      last.filter(({ name }) => name === 'COPY').map(({ text }) => text),
      ['--from=runtime /llmteam /llmteam'],
    );
  });

  test('leaves out of the build what it does not need, and nothing it does', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    const needed = [
      'package.json',
      'package-lock.json',
      'tsconfig.base.json',
      'scripts',
      'contracts',
      'kernel',
      'plugins',
      'services',
      'clients',
    ];
    for (const path of needed) assert.not.ok(ignored.includes(path), path);
    for (const path of ['.git', '**/node_modules', '**/dist', 'tests']) assert.ok(ignored.includes(path), path);
  });
});
