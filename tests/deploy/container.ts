/**
 * Purpose: runs a container of the compose file as a plain process: same command, environment, files, ports and health check, and the same
 * places that it may write to.
 * Owns: the role of the container engine: maps paths, names and ports of the container to those of this machine.
 */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallOptions, Cli, Ended, Started } from '../cli/support/cli.js';
import { until } from '../services/support/until.js';
import { freePort } from '../support/free-port.js';
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
  readonly workingDir: string;
  /** `uid:gid` of a process of the image; null: as whoever runs the tests. */
  readonly user: string | null;
  /** Ports that the process listens on in the container. */
  readonly listens: readonly number[];
  /** Paths in the image and where they are on this machine. */
  readonly paths: Readonly<Record<string, string>>;
}

/** Whoever is reached by name in the network of the containers. */
export interface Host {
  /** Replaces `name:port` by an address on this machine. */
  asHost(text: string): string;
}

interface Process {
  readonly words: readonly string[];
  readonly options: CallOptions & { readonly environment: Readonly<Record<string, string>> };
}

export class Container implements Host {
  private constructor(
    readonly plan: ContainerPlan,
    /** By container port. */
    private readonly ports: ReadonlyMap<number, number>,
    private readonly cli: Cli,
    private readonly process: Process,
    private readonly started: Started,
    private readonly healthcheck: readonly string[],
    private readonly bin: string,
  ) {}

  /** `others`: those it may refer to. */
  static async start(plan: ContainerPlan, cli: Cli, others: readonly Host[]): Promise<Container> {
    const ports = new Map<number, number>();
    for (const port of plan.listens) ports.set(port, await freePort());
    const folder = join(cli.folder, plan.name);
    const paths = { ...plan.paths, ...mount(plan, folder, ports) };
    const here = (text: string): string => {
      const reached = others.reduce((rest, other) => other.asHost(rest), text);
      return withPaths(withPorts(reached, ports), paths);
    };
    const environment = Object.entries({ ...plan.environment, ...plan.service.environment });
    const words = [...asUser(plan.user), ...plan.entrypoint.map(here)];
    const options = {
      cwd: join(folder, 'files', plan.workingDir),
      // A home folder of its own, and `/tmp`.
      environment: {
        HOME: join(folder, 'files'),
        TMPDIR: writable(join(folder, 'tmp'), plan.user),
        ...Object.fromEntries(environment.map(([key, text]) => [key, here(text)])),
      },
    };
    const started = cli.launch([...words, ...(plan.service.command ?? []).map(here)], options);
    const healthcheck = plan.service.healthcheck?.test.slice(1) ?? plan.healthcheck;
    return new Container(plan, ports, cli, { words, options }, started, healthcheck.map(here), writeWget(folder));
  }

  /** Maps `nats:4222` to an address on this machine. */
  asHost(text: string): string {
    return text.replaceAll(new RegExp(`\\b${this.plan.name}:(\\d+)\\b`, 'g'), (_, port: string) => {
      return `127.0.0.1:${this.port(Number(port))}`;
    });
  }

  port(inside: number): number {
    const here = this.ports.get(inside);
    if (here === undefined) throw new Error(`${this.plan.name} does not listen on ${inside}`);
    return here;
  }

  /** Like `docker compose exec`, with the entry point as the program. */
  exec(args: readonly string[], stdin = ''): Promise<Ended> {
    return this.cli.launch([...this.process.words, ...args], { ...this.process.options, stdin }).ended;
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

  /** Lets whoever runs the tests remove its files. */
  release(): void {
    for (const one of fixedFolders(join(this.cli.folder, this.plan.name), this.plan.workingDir)) chmodSync(one, 0o755);
  }

  /** Like `docker stop`. Returns the exit code and the output. */
  async stop(): Promise<{ code: number | null; written: string }> {
    this.started.signal('SIGTERM');
    const { code, stdout, stderr } = await this.started.ended;
    return { code, written: stdout + stderr };
  }
}

/** Without rights beyond those of the user. Only root can become somebody else; anybody else cannot write files of root either. */
function asUser(user: string | null): string[] {
  if (user === null || process.getuid?.() !== 0) return [];
  const [uid, gid] = user.split(':');
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs', '--bounding-set=-all'];
}

/** What a read-only root file system keeps from being written: home and working directory. */
function fixedFolders(folder: string, workingDir: string): string[] {
  return [join(folder, 'files', workingDir), join(folder, 'files')];
}

/** A folder of the container's user. */
function writable(folder: string, user: string | null): string {
  mkdirSync(folder, { recursive: true });
  const [uid, gid] = (user ?? '').split(':').map(Number);
  if (user !== null && process.getuid?.() === 0) chownSync(folder, uid ?? 0, gid ?? 0);
  return folder;
}

/**
 * Files of the repository and volumes by container path; all else is read-only. Ports and volumes inside the files are mapped to this
 * machine. A volume without a source is the container's own.
 */
function mount(plan: ContainerPlan, folder: string, ports: ReadonlyMap<number, number>): Record<string, string> {
  const { service, root, user, workingDir } = plan;
  const volumes = (service.volumes ?? []).map((volume) => volume.split(':'));
  const isFile = (source: string): boolean => source.startsWith('./');
  const paths = Object.fromEntries(
    volumes.flatMap(([source = '', inside = source]) =>
      isFile(source) ? [] : [[inside, writable(join(folder, 'volumes', source), user)]],
    ),
  );
  const work = join(folder, 'files', workingDir);
  mkdirSync(work, { recursive: true });
  const files = volumes.flatMap(([source = '', inside = '']) => {
    if (!isFile(source)) return [];
    const target = join(folder, 'files', inside);
    mkdirSync(dirname(target), { recursive: true });
    if (statSync(join(root, source)).isDirectory()) return [];
    writeFileSync(target, withPaths(withPorts(readFileSync(join(root, source), 'utf8'), ports), paths));
    return [[inside, target] as const];
  });
  // The user of the container finds its way to the files.
  for (const one of [dirname(folder), folder]) chmodSync(one, 0o755);
  if (service.read_only === true) for (const one of fixedFolders(folder, workingDir)) chmodSync(one, 0o555);
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

/** In one pass, so that a path on this machine is not taken for one of the container. */
function withPaths(text: string, paths: Readonly<Record<string, string>>): string {
  const inside = Object.keys(paths).sort((one, other) => other.length - one.length);
  if (inside.length === 0) return text;
  return text.replaceAll(new RegExp(`(?<![\\w.])(?:${inside.join('|')})`, 'g'), (path) => paths[path] ?? path);
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
