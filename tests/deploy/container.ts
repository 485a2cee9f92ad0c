/**
 * Purpose: runs a container of the compose file as a plain process: same command, environment, files, ports and health check.
 * Owns: the role of the container engine: maps paths, names and ports of the container to those of this machine.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { Cli, Started } from '../cli/support/cli.js';
import { until } from '../services/support/until.js';
import type { ComposeService } from './compose-file.js';

export interface ContainerPlan {
  readonly name: string;
  readonly service: ComposeService;
  /** The folder of the compose file. */
  readonly root: string;
  /** The image's own settings. */
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: readonly string[];
  /** Ports that the process listens on in the container. */
  readonly listens: readonly number[];
  /** Paths in the image and where they are on this machine. */
  readonly paths: Readonly<Record<string, string>>;
}

export class Container {
  private constructor(
    readonly plan: ContainerPlan,
    /** By container port. */
    private readonly ports: ReadonlyMap<number, number>,
    private readonly started: Started,
    private readonly healthcheck: readonly string[],
    private readonly bin: string,
  ) {}

  /** `others`: containers it may refer to as hosts. */
  static async start(plan: ContainerPlan, cli: Cli, others: readonly Container[]): Promise<Container> {
    const ports = new Map<number, number>();
    for (const port of plan.listens) ports.set(port, await freePort());
    const folder = join(cli.folder, plan.name);
    const paths = { ...plan.paths, ...mount(plan, folder, ports) };
    const here = (text: string): string => {
      const reached = others.reduce((rest, other) => other.asHost(rest), text);
      return withPaths(withPorts(reached, ports), paths);
    };
    const words = [...plan.entrypoint, ...(plan.service.command ?? [])].map(here);
    const environment = Object.entries({ ...plan.environment, ...plan.service.environment });
    const started = cli.launch(words, {
      cwd: folder,
      // A separate home folder.
      environment: { HOME: folder, ...Object.fromEntries(environment.map(([key, text]) => [key, here(text)])) },
    });
    const healthcheck = plan.service.healthcheck?.test.slice(1) ?? plan.healthcheck;
    return new Container(plan, ports, started, healthcheck.map(here), writeWget(folder));
  }

  /** Maps `nats:4222` to an address on this machine. */
  private asHost(text: string): string {
    return text.replaceAll(new RegExp(`\\b${this.plan.name}:(\\d+)\\b`, 'g'), (_, port: string) => {
      return `127.0.0.1:${this.port(Number(port))}`;
    });
  }

  port(inside: number): number {
    const here = this.ports.get(inside);
    if (here === undefined) throw new Error(`${this.plan.name} does not listen on ${inside}`);
    return here;
  }

  /** Resolves once the health check passes. */
  async healthy(): Promise<void> {
    await until(`health of ${this.plan.name}`, () => this.isHealthy(), 40_000);
  }

  isHealthy(): Promise<boolean> {
    if (this.started.process.exitCode !== null) throw new Error(`${this.plan.name} has ended`);
    const [command = '', ...words] = this.healthcheck;
    const env = { PATH: `${this.bin}:${dirname(process.execPath)}:${process.env.PATH}` };
    return new Promise((resolve) => {
      execFile(command, words, { env, timeout: 3_000 }, (error) => resolve(error === null));
    });
  }

  /** Like `docker stop`. Returns the exit code and the output. */
  async stop(): Promise<{ code: number | null; written: string }> {
    this.started.signal('SIGTERM');
    const { code, stdout, stderr } = await this.started.ended;
    return { code, written: stdout + stderr };
  }
}

/** Files of the repository and volumes by container path. Ports and volumes inside the files are mapped to this machine. */
function mount(
  { service, root }: ContainerPlan,
  folder: string,
  ports: ReadonlyMap<number, number>,
): Record<string, string> {
  const volumes = (service.volumes ?? []).map((volume) => volume.split(':') as [source: string, inside: string]);
  const named = volumes.filter(([source]) => !source.startsWith('./'));
  const paths = Object.fromEntries(named.map(([source, inside]) => [inside, join(folder, 'volumes', source)]));
  for (const path of [folder, ...Object.values(paths)]) mkdirSync(path, { recursive: true });
  const files = volumes
    .filter(([source]) => source.startsWith('./'))
    .map(([source, inside]) => {
      const target = join(folder, 'files', inside);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, withPaths(withPorts(readFileSync(join(root, source), 'utf8'), ports), paths));
      return [inside, target] as const;
    });
  return { ...Object.fromEntries(files), ...paths };
}

/** Containers have separate networks; here all processes share the loopback address. */
function withPorts(text: string, ports: ReadonlyMap<number, number>): string {
  const local = text.replaceAll('0.0.0.0', '127.0.0.1');
  return [...ports].reduce(
    (rest, [inside, here]) => rest.replaceAll(new RegExp(`\\b${inside}\\b`, 'g'), String(here)),
    local,
  );
}

function withPaths(text: string, paths: Readonly<Record<string, string>>): string {
  return Object.entries(paths).reduce((rest, [inside, here]) => rest.replaceAll(inside, here), text);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The server image has busybox wget; this machine may have no wget at all. */
function writeWget(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const look = 'fetch(process.argv.at(-1)).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));';
  writeFileSync(join(bin, 'wget'), `#!/usr/bin/env node\n${look}\n`);
  chmodSync(join(bin, 'wget'), 0o755);
  return bin;
}
