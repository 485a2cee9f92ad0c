/**
 * Purpose: two installations whose data is backed up and restored with the commands of the guide: `llmteam dev`, and services on NATS.
 * Owns: what runs when; everything is killed before a backup and before a restore.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { type Cli, withCli } from '../../cli/support/cli.js';
import { type DevService, startDev } from '../../cli/support/dev-service.js';
import { readDocument } from '../../docs/markdown-file.js';
import { makeKey } from './gateways.js';
import { type Installation, withInstallation } from './installation.js';
import { withLedger } from './ledger.js';
import type { Service } from './service.js';

export interface Site {
  /** Starts everything. Resolves to a client of a gateway that is ready. */
  start(): Promise<LlmteamClient>;
  /** As `start`, after a restore. `grow` makes the journal as long as it was before. */
  startRestored(grow: (client: LlmteamClient) => Promise<void>): Promise<LlmteamClient>;
  kill(): Promise<void>;
  backUp(): void;
  restore(): void;
  /** A line per execution of a step of type `ledger`. */
  executions(): string[];
}

/** Runs commands of the guide. @throws if the guide does not show them */
function asInGuide(folder: string, commands: readonly string[], store = ''): void {
  const guide = readDocument('docs/guides/back-up-and-restore.md').split('\n');
  for (const line of commands) assert.ok(guide.includes(line), `the guide does not show '${line}'`);
  const { PATH = '' } = process.env;
  const script = ['set -e', ...commands].join('\n');
  const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, env: { PATH, store }, encoding: 'utf8' });
  assert.is(status, 0, stderr);
}

class LocalSite implements Site {
  private dev: DevService | null = null;
  private key: string | null = null;

  constructor(
    private readonly cli: Cli,
    readonly executions: () => string[],
  ) {}

  async start(): Promise<LlmteamClient> {
    this.dev = await startDev(this.cli);
    this.key ??= this.dev.key;
    return new LlmteamClient({ url: this.dev.url, key: String(this.key) });
  }

  startRestored(): Promise<LlmteamClient> {
    return this.start();
  }

  async kill(): Promise<void> {
    this.dev?.started.signal('SIGKILL');
    await this.dev?.started.ended;
  }

  backUp(): void {
    asInGuide(this.cli.folder, ['tar -czf backup.tar.gz .llmteam']);
  }

  restore(): void {
    asInGuide(this.cli.folder, ['rm -r .llmteam', 'tar -xzf backup.tar.gz']);
  }
}

class NatsSite implements Site {
  private services: Service[] = [];
  private key: string | null = null;

  constructor(
    private readonly installation: Installation,
    readonly executions: () => string[],
  ) {}

  async start(): Promise<LlmteamClient> {
    const { server } = this.installation;
    if (!server.runs) await server.start();
    this.services.push(this.installation.start('coordinator'), this.installation.start('worker'));
    await Promise.all(this.services.map((service) => service.ready()));
    return this.gateway('one.db');
  }

  /** The gateway that has seen what the backup lacks comes last, when the journal is as long again. */
  async startRestored(grow: (client: LlmteamClient) => Promise<void>): Promise<LlmteamClient> {
    const { server } = this.installation;
    await server.start();
    this.services.push(this.installation.start('coordinator'), this.installation.start('worker'));
    await Promise.all(this.services.map((service) => service.ready()));
    await grow(await this.gateway('new.db'));
    const client = await this.gateway('one.db');
    const line = await this.services
      .at(-1)
      ?.logged('the run index is rebuilt: the journal was restored from a backup, or lost entries');
    assert.match(String(line?.reason), /partition 0 has another entry at/);
    return client;
  }

  async kill(): Promise<void> {
    for (const service of this.services) service.signal('SIGKILL');
    await Promise.all(this.services.map(({ ended }) => ended));
    this.services = [];
    await this.installation.server.stop();
  }

  backUp(): void {
    this.run(['tar -czf nats-backup.tar.gz -C "$store" .']);
  }

  restore(): void {
    this.run(['rm -r "$store"', 'mkdir "$store"', 'tar -xzf nats-backup.tar.gz -C "$store"']);
  }

  private run(commands: readonly string[]): void {
    asInGuide(this.installation.cli.folder, commands, this.installation.server.storeDir);
  }

  private async gateway(indexFile: string): Promise<LlmteamClient> {
    const { installation } = this;
    const environment = { LLMTEAM_GATEWAY_INDEX_FILE: join(installation.cli.folder, indexFile) };
    const service = installation.start('gateway', environment);
    this.services.push(service);
    await service.ready();
    this.key ??= await makeKey(installation);
    return new LlmteamClient({ url: await service.url(), key: this.key });
  }
}

export async function withLocalSite(use: (site: Site) => Promise<void>): Promise<void> {
  await withCli((cli) => use(new LocalSite(cli, withLedger({ cli }))));
}

export async function withNatsSite(use: (site: Site) => Promise<void>): Promise<void> {
  await withInstallation({ environment: { LLMTEAM_NATS_PARTITIONS: '1' } }, (installation) =>
    use(new NatsSite(installation, withLedger(installation))),
  );
}
