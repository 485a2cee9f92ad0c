import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, serviceConfig } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { withCli } from '../cli/support/cli.js';
import { spec } from '../support/spec.js';
import { root } from './image-tree.js';
import { buildKustomization, type Manifest, type PodSpec, podOf } from './kustomization.js';
import { schemaFault, typeFaults } from './manifest-types.js';

const base = buildKustomization(join(root, 'deploy/kubernetes/base'));
const scaled = buildKustomization(join(root, 'deploy/kubernetes/overlays/keda'));

function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((one) => one.kind === kind);
}

function named(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = ofKind(manifests, kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

function pods(manifests: readonly Manifest[]): [name: string, pod: PodSpec][] {
  return ofKind(manifests, 'Deployment').map((one) => [one.metadata.name, podOf(one) as PodSpec]);
}

/** The effective configuration of a pod. */
function configOfPod({ containers: [container] }: PodSpec, folder: string) {
  const environment = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  const config = loadConfig(join(folder, 'llmteam.config.json'), environment);
  assert.equal(config.unknownVariables, []);
  return serviceConfig(config).file;
}

spec('deploy/kubernetes', (test) => {
  test(
    'is what the schemas of Kubernetes and KEDA say, without a field that they do not know',
    async () => {
      for (const manifest of [...base, ...scaled]) assert.is(await schemaFault(manifest), null);
      const { spec, ...rest } = structuredClone(named(scaled, 'ScaledObject', 'worker'));
      assert.match(String(await schemaFault({ ...rest, spec: { ...spec, minReplicaCount: '1' } })), /must be integer/);
      const misspelt = { ...rest, spec: { ...spec, minReplicas: 1 } };
      const faults = typeFaults([...base, ...scaled, misspelt]);
      assert.is(faults.length, 1, faults.join('\n'));
      assert.match(faults.join(), /ScaledObject worker: .*'"minReplicas"' does not exist/);
    },
    { timeoutMs: 60_000 },
  );

  test('runs every service as nobody special, on a read-only file system', () => {
    assert.equal(
      pods(scaled).map(([name]) => name),
      ['coordinator', 'gateway', 'worker', 'worker-llm-agent'],
    );
    for (const [name, pod] of pods(scaled)) {
      assert.equal(pod.securityContext, {
        runAsNonRoot: true,
        runAsUser: 65_532,
        runAsGroup: 65_532,
        fsGroup: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      assert.is(pod.automountServiceAccountToken, false);
      assert.is(pod.enableServiceLinks, false);
      const [container] = pod.containers;
      assert.equal(container?.securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const written = container?.volumeMounts.filter(({ readOnly }) => readOnly !== true).map((one) => one.mountPath);
      assert.equal(written, name === 'gateway' ? ['/tmp', '/var/lib/llmteam'] : ['/tmp']);
      assert.is(container?.image, 'ghcr.io/example/llmteam:0.1.0');
      assert.equal(
        [container?.livenessProbe.httpGet.path, container?.readinessProbe.httpGet.path],
        ['/health', '/ready'],
      );
    }
  });

  test('gives every service a configuration that it takes, and the time that it needs to stop', () =>
    withCli(async (cli) => {
      cli.write('llmteam.config.json', named(base, 'ConfigMap', 'llmteam').data?.['llmteam.config.json']);
      for (const [name, pod] of pods(scaled)) {
        const file = configOfPod(pod, cli.folder);
        const drain = name.startsWith('worker') ? file.worker.drain_seconds : 5;
        assert.ok(pod.terminationGracePeriodSeconds >= drain + 20, name);
      }
    }));

  test('lets no more than one of a kind be taken away at a time', () => {
    for (const [name] of pods(scaled)) {
      const { spec } = named(scaled, 'PodDisruptionBudget', name);
      assert.equal(spec, { maxUnavailable: 1, selector: { matchLabels: { 'llmteam/set': name } } });
      const { selector } = named(scaled, 'Deployment', name).spec as { selector: { matchLabels: object } };
      assert.is((selector.matchLabels as Record<string, string>)['llmteam/set'], name);
    }
  });

  test('denies all traffic but what is named', () => {
    const [first, ...others] = ofKind(base, 'NetworkPolicy');
    assert.equal(first?.spec, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    assert.equal(
      others.map(({ metadata }) => metadata.name),
      ['services', 'gateway', 'coordinator', 'worker'],
    );
  });
});

interface Scaling {
  readonly scaleTargetRef: { readonly name: string };
  readonly minReplicaCount: number;
  readonly fallback: object;
  readonly triggers: readonly { readonly type: string; readonly metadata: Readonly<Record<string, string>> }[];
}

spec('deploy/kubernetes/overlays/keda', (test) => {
  test('scales each set of workers by what its types want, and a worker is worth its slots', () =>
    withCli(async (cli) => {
      cli.write('llmteam.config.json', named(base, 'ConfigMap', 'llmteam').data?.['llmteam.config.json']);
      const service = named(scaled, 'Service', 'coordinator');
      const host = `${service.metadata.name}.${service.metadata.namespace}.svc:8080`;
      for (const { metadata, spec: what } of ofKind(scaled, 'ScaledObject')) {
        const { scaleTargetRef, minReplicaCount, triggers } = what as unknown as Scaling;
        const deployment = named(scaled, 'Deployment', scaleTargetRef.name);
        assert.not.ok(Object.hasOwn(deployment.spec ?? {}, 'replicas'), 'two would decide');
        const { concurrency, types } = configOfPod(podOf(deployment) as PodSpec, cli.folder).worker;
        assert.is(minReplicaCount, types === undefined ? 1 : 0, metadata.name);
        for (const { type, metadata: asked } of triggers) {
          assert.is(type, 'metrics-api');
          const [, queue = '', typeId = ''] = /^http:\/\/[^/]+\/scaling\/((\w+)@\d+)$/.exec(asked.url ?? '') ?? [];
          assert.equal(asked, {
            url: `http://${host}/scaling/${queue}`,
            valueLocation: 'wanted_slots',
            targetValue: String(concurrency),
          });
          assert.ok(types?.includes(typeId) ?? true);
          assert.ok(builtInQueues().includes(queue), queue);
        }
      }
    }));
});

/** `type@major` of the built-in task types, whose versions are those of their packages. */
function builtInQueues(): string[] {
  return ['transform', 'http-action', 'llm-agent'].map((name) => {
    const { version } = JSON.parse(readFileSync(join(root, 'plugins', name, 'package.json'), 'utf8'));
    return `${name.replace('-', '_')}@${String(version).split('.')[0]}`;
  });
}
