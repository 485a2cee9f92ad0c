/** Purpose: `docker compose up` and `down` for containers that are plain processes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import * as assert from 'uvu/assert';
import type { Cli } from '../cli/support/cli.js';
import { defaultSuite, natsBinary } from '../support/nats/server-binary.js';
import { type ComposeFile, type ComposeService, readComposeFile } from './compose-file.js';
import { Container, type ContainerPlan, type Host } from './container.js';
import { readDockerfile } from './dockerfile.js';
import { root } from './image-tree.js';

const image = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'));

export function composeFile(variables: Readonly<Record<string, string | undefined>> = {}): ComposeFile {
  return readComposeFile(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), variables);
}

/** With `--env-file deploy/observe/observe.env`. */
export function observedComposeFile(): ComposeFile {
  return composeFile(parseEnv(readFileSync(join(root, 'deploy/observe/observe.env'), 'utf8')));
}

async function planOf(name: string, service: ComposeService, tree: string): Promise<ContainerPlan> {
  const common = { name, service, root };
  if (service.build === undefined) {
    const { path } = await natsBinary(defaultSuite());
    const ofServer = { entrypoint: [path], environment: {}, healthcheck: [], workingDir: '/', user: null, paths: {} };
    return { ...common, ...ofServer, listens: [4_222, 8_222] };
  }
  const { entrypoint, environment, healthcheck, workingDir, user, ports } = image;
  const ofImage = { entrypoint, environment, healthcheck, workingDir, user, paths: { '/llmteam': tree } };
  return { ...common, ...ofImage, listens: ports.map(Number) };
}

function dependenciesOf({ depends_on = {} }: ComposeService): [name: string, condition: string][] {
  return Object.entries(depends_on as Record<string, { condition: string }>).map(([name, { condition }]) => [
    name,
    condition,
  ]);
}

/** In an order in which they can start. */
function inOrder(services: ComposeFile['services']): [name: string, service: ComposeService][] {
  const waiting = new Map(Object.entries(services));
  const ordered: [string, ComposeService][] = [];
  while (waiting.size > 0) {
    const next = [...waiting].find(([, service]) => dependenciesOf(service).every(([one]) => !waiting.has(one)));
    if (next === undefined) throw new Error('the services depend on each other');
    ordered.push(next);
    waiting.delete(next[0]);
  }
  return ordered;
}

async function dependenciesHealthy(service: ComposeService, containers: readonly Container[]): Promise<void> {
  for (const [needed, condition] of dependenciesOf(service)) {
    assert.is(condition, 'service_healthy');
    for (const one of containers) if (one.plan.name.startsWith(needed)) await one.healthy();
  }
}

/** Starts each container of these services once its dependencies are healthy. `containers` grows as they start. */
export async function up(
  services: ComposeFile['services'],
  tree: string,
  cli: Cli,
  containers: Container[],
  others: readonly Host[],
): Promise<void> {
  for (const [name, service] of inOrder(services)) {
    await dependenciesHealthy(service, containers);
    for (let number = 1; number <= (service.deploy?.replicas ?? 1); number++) {
      const plan = await planOf(number === 1 ? name : `${name}-${number}`, service, tree);
      containers.push(await Container.start(plan, cli, [...containers, ...others]));
    }
  }
}

/** In reverse order; each container must exit by itself within its grace period. */
export async function down(containers: readonly Container[]): Promise<void> {
  for (const container of [...containers].reverse()) {
    const { code, written } = await container.stop();
    assert.is(code, 0, `${container.plan.name} ended with ${code}:\n${written}`);
  }
}
