// timeout: 300
// takes: 20
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '@llmteam/service-host';
import { DCLinter } from 'dclint';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { type Cli, jsonOf, withCli } from '../cli/support/cli.js';
import { spec } from '../support/spec.js';
import { type OtlpReceiver, openOtlpReceiver } from '../tracing/support/otlp-receiver.js';
import { treeOf } from '../tracing/support/span-tree.js';
import type { ComposeService } from './compose-file.js';
import type { Container, Host } from './container.js';
import { root, withImageTree } from './image-tree.js';
import { composeFile, down, observedComposeFile, up } from './installation-of-compose.js';

const compose = composeFile();
const observed = observedComposeFile();
const observers = ['prometheus', 'grafana', 'jaeger'];

/** The services that this project is made of, and their server: all others are images of somebody else. */
function ownServices(services: Readonly<Record<string, ComposeService>>): Record<string, ComposeService> {
  return Object.fromEntries(Object.entries(services).filter(([name]) => !observers.includes(name)));
}

/** Everything runs with `observe.env`; the receiver is in the place of Jaeger. */
async function withObservedInstallation(
  use: (containers: readonly Container[], receiver: OtlpReceiver, cli: Cli) => Promise<void>,
): Promise<void> {
  const receiver = await openOtlpReceiver();
  const jaeger: Host = { asHost: (text) => text.replaceAll('http://jaeger:4318', receiver.endpoint) };
  const containers: Container[] = [];
  try {
    await withImageTree((tree) =>
      withCli(async (cli) => {
        try {
          await up(ownServices(observed.services), tree, cli, containers, [jaeger]);
          for (const container of containers) await container.healthy();
          await use(containers, receiver, cli);
        } finally {
          for (const container of containers) container.release();
        }
      }),
    );
  } finally {
    await receiver.close();
  }
}

/** The three commands of the README, from the second on. */
async function traceFirstRun(gateway: Container): Promise<{ output: unknown; trace_id?: string }> {
  const made = await gateway.exec(['keys', 'create', '--nats', '--role', 'admin', '-q']);
  assert.is(made.code, 0, made.stderr);
  const url = `http://localhost:${gateway.port(8_080)}`;
  const segment = readFileSync(join(root, 'deploy/observe/tea.json'), 'utf8');
  const ran = await gateway.exec(['run', '-', '--url', url, '--key', made.stdout.trim()], segment);
  assert.is(ran.code, 0, ran.stderr);
  return jsonOf(ran);
}

/** The spans below the request, and which service sent each. */
const tracedRun = [
  'run tea llmteam-coordinator',
  '  step ask llmteam-coordinator',
  '    chat offline llmteam-worker',
  '  step shape llmteam-coordinator',
];

spec('docker-compose.yml', (test) => {
  test(
    'comes up healthy on a read-only file system, traces a run, finds nothing wrong with itself, and goes down clean',
    () =>
      withObservedInstallation(async (containers, receiver) => {
        const names = containers.map(({ plan }) => plan.name);
        assert.equal(names, ['nats', 'coordinator', 'gateway', 'worker', 'worker-2']);
        const [, coordinator, gateway] = containers as [Container, Container, Container];
        const { output } = await traceFirstRun(gateway);
        assert.match(JSON.stringify(output), /tea/i);
        const { code, stdout } = await coordinator.exec(['doctor']);
        assert.is(code, 0, stdout);
        assert.match(stdout, /workers: transform@0: 2 workers/);
        for (const container of containers.slice(1)) {
          const ready = await fetch(`http://127.0.0.1:${container.port(8_080)}/ready`);
          assert.is(ready.status, 200);
        }
        await down(containers);
        // What is left is exported at the end.
        const root = receiver.spans.find(({ name }) => name === 'POST /api/v1/segments/{segment_id}/runs');
        assert.equal(
          treeOf(receiver.spans, ({ service }) => service, root?.span_id),
          tracedRun,
        );
      }),
    { timeoutMs: 240_000 },
  );
});

interface Linted {
  readonly messages: readonly { readonly line: number; readonly message: string }[];
}

spec('settings of docker-compose.yml', (test) => {
  test('follow the schema of the Compose specification', () => {
    const style = ['require-quotes-in-ports', 'service-dependencies-alphabetical-order', 'service-keys-order'];
    const order = ['service-ports-alphabetical-order', 'services-alphabetical-order', 'top-level-properties-order'];
    const off = Object.fromEntries([...style, ...order].map((rule) => [rule, 0 as const]));
    const linter = new DCLinter({ rules: off, quiet: false, debug: false, exclude: [] });
    const [found] = linter.lintFiles([join(root, 'docker-compose.yml')], false) as Linted[];
    assert.equal(
      found?.messages.map(({ line, message }) => `${line}: ${message}`),
      [],
    );
  });

  test('have a server that syncs every write, volumes for what must stay, and time to drain', () => {
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
  });

  test('give a service no more than it needs', () => {
    for (const service of Object.values(compose.services)) assert.is(service.read_only, true);
    for (const { build, cap_drop, security_opt, tmpfs } of Object.values(compose.services)) {
      if (build === undefined) continue;
      assert.equal(
        { cap_drop, security_opt, tmpfs },
        {
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          tmpfs: ['/tmp'],
        },
      );
    }
    for (const { ports = [], restart } of Object.values(observed.services)) {
      assert.is(restart, 'unless-stopped');
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, 'nothing is open to others by default');
    }
  });

  test('trace nothing, and start nothing to look at it, unless they are asked to', () => {
    assert.equal(Object.keys(compose.services), ['nats', 'coordinator', 'gateway', 'worker']);
    assert.equal(Object.keys(observed.services), [...Object.keys(compose.services), ...observers]);
    for (const name of ['coordinator', 'gateway', 'worker']) {
      assert.is(loadConfig(null, compose.services[name]?.environment).file.tracing, undefined);
      const { endpoint, trace_url } = loadConfig(null, observed.services[name]?.environment).file.tracing ?? {};
      assert.equal([endpoint, trace_url], ['http://jaeger:4318', 'http://localhost:16686/trace/{trace_id}']);
    }
  });
});

/** A file of `deploy/`, parsed. */
function deployed<T>(path: string): T {
  return parse(readFileSync(join(root, 'deploy/observe', path), 'utf8')) as T;
}

/** Where a container finds a file of the repository. */
function mountedAt(service: string, source: string): string | undefined {
  const volumes = observed.services[service]?.volumes ?? [];
  return volumes.map((volume) => volume.split(':')).find(([one]) => one === source)?.[1];
}

spec('deploy/observe', (test) => {
  test('lets Prometheus read the metrics of every service, and rules as they are added', () => {
    interface Scrape {
      readonly job_name: string;
      readonly dns_sd_configs: readonly { readonly names: readonly string[]; readonly port: number }[];
    }
    const { scrape_configs, rule_files } = deployed<{ scrape_configs: Scrape[]; rule_files: string[] }>(
      'prometheus/prometheus.yml',
    );
    assert.equal(
      scrape_configs.map(({ job_name, dns_sd_configs: [dns] }) => [job_name, dns?.names, dns?.port]),
      ['coordinator', 'gateway', 'worker'].map((name) => [name, [name], 8_080]),
    );
    assert.is(mountedAt('prometheus', './deploy/observe/prometheus'), '/etc/prometheus');
    assert.equal(rule_files, ['rules/*.yml']);
    assert.ok(existsSync(join(root, 'deploy/observe/prometheus/rules')));
  });

  test('lets Grafana find what it asks, and dashboards as they are added', () => {
    const { datasources } = deployed<{ datasources: { uid: string; url: string }[] }>(
      'grafana/provisioning/datasources/datasources.yml',
    );
    assert.equal(
      datasources.map(({ uid, url }) => [uid, url]),
      [
        ['prometheus', 'http://prometheus:9090'],
        ['jaeger', 'http://jaeger:16686'],
      ],
    );
    const { providers } = deployed<{ providers: { options: { path: string } }[] }>(
      'grafana/provisioning/dashboards/dashboards.yml',
    );
    assert.is(providers[0]?.options.path, mountedAt('grafana', './deploy/observe/grafana/dashboards'));
    assert.is(mountedAt('grafana', './deploy/observe/grafana/provisioning'), '/etc/grafana/provisioning');
  });
});
