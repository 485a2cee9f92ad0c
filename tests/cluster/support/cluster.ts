/**
 * Purpose: a whole installation for a test: a nats-server, coordinators and workers as processes, a client in this process.
 * Owns: configurations with short leases, the order of starting and ending, what can be seen of it from outside.
 * Invariant: whatever a test does, every process and folder is gone when `with_cluster` settles.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type NatsServer, with_nats_server } from '../../support/nats/nats-server.js';
import { TcpProxy } from '../../support/nats/tcp-proxy.js';
import { ClusterClient } from './cluster-client.js';
import { type Execution, read_ledger } from './ledger.js';
import { Member, type Role } from './member.js';

export interface ClusterOptions {
  readonly coordinators: number;
  readonly workers: number;
  /** A network of its own in front of every coordinator and worker. */
  readonly proxied?: boolean;
  readonly partitions?: number;
  readonly jobs_storage?: 'memory' | 'file';
  readonly coordinator_lease_seconds?: number;
  readonly job_lease_seconds?: number;
  readonly dedupe_window_seconds?: number;
  /** Of the section `worker` of the configuration. */
  readonly worker?: object;
  /** What takes a coordinator's place. Default: the command `llmteam serve coordinator`. */
  readonly coordinator_command?: readonly string[];
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const llmteam = join(root, 'clients/cli/bin/llmteam.js');
const plugin_folder = (major: 1 | 2): string =>
  join(root, 'tests/cluster', major === 1 ? 'effects-plugin' : 'effects-plugin-2');
export const namespace = 'cluster';

export class Cluster {
  readonly coordinators: Member[] = [];
  readonly workers: Member[] = [];
  readonly ledger: string;
  private readonly proxies = new Map<string, TcpProxy>();
  private opened: ClusterClient | null = null;

  constructor(
    readonly server: NatsServer,
    readonly options: ClusterOptions,
    private readonly folder: string,
  ) {
    this.ledger = join(folder, 'ledger.jsonl');
  }

  get partitions(): number {
    return this.options.partitions ?? 4;
  }

  get members(): readonly Member[] {
    return [...this.coordinators, ...this.workers];
  }

  get client(): ClusterClient {
    if (this.opened === null) throw new Error('the client is not open yet');
    return this.opened;
  }

  async start(): Promise<void> {
    for (let place = 1; place <= this.options.coordinators; place++)
      await this.add('coordinator', `coordinator-${place}`);
    for (let place = 1; place <= this.options.workers; place++) await this.add('worker', `worker-${place}`);
    await Promise.all(this.members.map((member) => member.ready()));
    for (const member of this.members) member.is_supervised = true;
    const dedupe_window_ms = 1_000 * (this.options.dedupe_window_seconds ?? 30);
    this.opened = await ClusterClient.open(this.server.url, namespace, this.partitions, dedupe_window_ms);
  }

  /** One more, which is starting. */
  async add(
    role: Role,
    name: string,
    { worker = {}, major = 1 }: { worker?: object; major?: 1 | 2 } = {},
  ): Promise<Member> {
    const config = this.config_of(await this.server_url_for(name), worker, major);
    const command = role === 'coordinator' ? (this.options.coordinator_command ?? serve(role)) : serve(role);
    const member = new Member({ role, name, folder: this.folder, config, command });
    (role === 'coordinator' ? this.coordinators : this.workers).push(member);
    await member.start();
    return member;
  }

  /** The network between a member and the server. */
  network_of({ name }: Member): TcpProxy {
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new Error(`${name} has no network of its own`);
    return proxy;
  }

  /** Settles once the handlers have written down what is waited for. */
  async until_ledger(is_so: (lines: readonly Execution[]) => boolean): Promise<void> {
    while (!is_so(read_ledger(this.ledger))) await sleep(10);
  }

  async end(): Promise<void> {
    for (const member of this.members) member.is_supervised = false;
    await Promise.all(this.members.map((member) => member.kill()));
    await this.opened?.close();
    for (const proxy of this.proxies.values()) await proxy.close();
  }

  private async server_url_for(name: string): Promise<string> {
    if (this.options.proxied !== true) return this.server.url;
    const proxy = new TcpProxy(new URL(this.server.url));
    await proxy.open();
    this.proxies.set(name, proxy);
    return proxy.url.replace(/\/$/, '');
  }

  private config_of(url: string, worker: object, major: 1 | 2): object {
    const { options } = this;
    const any_port = { http: { port: 0 } };
    return {
      plugins: [plugin_folder(major)],
      settings: { effects: { ledger: this.ledger } },
      log: { level: 'info', format: 'json' },
      nats: {
        servers: [url],
        namespace,
        partitions: this.partitions,
        jobs_storage: options.jobs_storage ?? 'memory',
        job_lease_seconds: options.job_lease_seconds ?? 2,
        dedupe_window_seconds: options.dedupe_window_seconds ?? 30,
      },
      coordinator: { lease_seconds: options.coordinator_lease_seconds ?? 2, ...any_port },
      worker: { drain_seconds: 5, ...any_port, ...options.worker, ...worker },
    };
  }
}

export async function with_cluster(options: ClusterOptions, use: (cluster: Cluster) => Promise<void>): Promise<void> {
  await with_nats_server({}, async (server) => {
    const folder = mkdtempSync(join(tmpdir(), 'llmteam-cluster-'));
    const cluster = new Cluster(server, options, folder);
    try {
      await cluster.start();
      await use(cluster);
    } finally {
      await cluster.end();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

function serve(role: Role): readonly string[] {
  return [process.execPath, llmteam, 'serve', role];
}
