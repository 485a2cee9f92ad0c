/**
 * Purpose: a whole installation for a test: a nats-server, coordinators and workers as processes, a client in this process.
 * Owns: configurations with short leases, the order of starting and stopping, observing the cluster from outside.
 * Invariant: every process and folder is gone when `withCluster` settles, whatever the test did.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type NatsServer, withNatsServer } from '../../support/nats/nats-server.js';
import { TcpProxy } from '../../support/nats/tcp-proxy.js';
import { ClusterClient } from './cluster-client.js';
import { type Execution, readLedger } from './ledger.js';
import { Member, type Role } from './member.js';

export interface ClusterOptions {
  readonly coordinators: number;
  readonly workers: number;
  /** Puts a separate simulated network in front of every coordinator and worker. */
  readonly proxied?: boolean;
  readonly partitions?: number;
  readonly jobsStorage?: 'memory' | 'file';
  readonly coordinatorLeaseSeconds?: number;
  readonly jobLeaseSeconds?: number;
  readonly dedupeWindowSeconds?: number;
  /** The section `worker` of the configuration. */
  readonly worker?: object;
  /** Replaces the coordinator. Default: the command `llmteam serve coordinator`. */
  readonly coordinatorCommand?: readonly string[];
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const llmteam = join(root, 'clients/cli/bin/llmteam.js');
const pluginFolder = (major: 1 | 2): string =>
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
    for (const member of this.members) member.isSupervised = true;
    const dedupeWindowMs = 1_000 * (this.options.dedupeWindowSeconds ?? 30);
    this.opened = await ClusterClient.open(this.server.url, namespace, this.partitions, dedupeWindowMs);
  }

  /** Adds a member, which is still starting. */
  async add(
    role: Role,
    name: string,
    { worker = {}, major = 1 }: { worker?: object; major?: 1 | 2 } = {},
  ): Promise<Member> {
    const config = this.configOf(await this.serverUrlFor(name), worker, major);
    const command = role === 'coordinator' ? (this.options.coordinatorCommand ?? serve(role)) : serve(role);
    const member = new Member({ role, name, folder: this.folder, config, command });
    (role === 'coordinator' ? this.coordinators : this.workers).push(member);
    await member.start();
    return member;
  }

  /** The simulated network between a member and the server. */
  networkOf({ name }: Member): TcpProxy {
    const proxy = this.proxies.get(name);
    if (proxy === undefined) throw new Error(`${name} has no network of its own`);
    return proxy;
  }

  /** Resolves once the handlers have recorded what is waited for. */
  async untilLedger(isSo: (lines: readonly Execution[]) => boolean): Promise<void> {
    while (!isSo(readLedger(this.ledger))) await sleep(10);
  }

  async end(): Promise<void> {
    for (const member of this.members) member.isSupervised = false;
    await Promise.all(this.members.map((member) => member.kill()));
    await this.opened?.close();
    for (const proxy of this.proxies.values()) await proxy.close();
  }

  private async serverUrlFor(name: string): Promise<string> {
    if (this.options.proxied !== true) return this.server.url;
    const proxy = new TcpProxy(new URL(this.server.url));
    await proxy.open();
    this.proxies.set(name, proxy);
    return proxy.url.replace(/\/$/, '');
  }

  private configOf(url: string, worker: object, major: 1 | 2): object {
    const { options } = this;
    const anyPort = { http: { port: 0 } };
    return {
      plugins: [{ package: pluginFolder(major), isolation: 'inline' }],
      settings: { effects: { ledger: this.ledger } },
      log: { level: 'info', format: 'json' },
      nats: {
        servers: [url],
        namespace,
        partitions: this.partitions,
        jobs_storage: options.jobsStorage ?? 'memory',
        job_lease_seconds: options.jobLeaseSeconds ?? 2,
        dedupe_window_seconds: options.dedupeWindowSeconds ?? 30,
      },
      coordinator: { lease_seconds: options.coordinatorLeaseSeconds ?? 2, ...anyPort },
      worker: { drain_seconds: 5, ...anyPort, ...options.worker, ...worker },
    };
  }
}

export async function withCluster(options: ClusterOptions, use: (cluster: Cluster) => Promise<void>): Promise<void> {
  await withNatsServer({}, async (server) => {
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
