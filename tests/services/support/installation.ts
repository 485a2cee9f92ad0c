/**
 * Purpose: an installation as an operator runs it: a nats-server, services as separate processes, and a client that starts runs.
 * Owns: the lifecycle of server, processes and folder. Does not own: what the services do.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Backend, Json, RunKey, RunView, Segment } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  LargeValueJournal,
  type RequestingSpan,
  type RunService,
} from '@llmteam/kernel';
import { loadConfig, loadControlPlugins, openServiceBackend, serviceConfig, systemClock } from '@llmteam/service-host';
import { type CallOptions, type Cli, withCli } from '../../cli/support/cli.js';
import { type NatsServer, withNatsServer } from '../../support/nats/nats-server.js';
import type { NatsServerOptions } from '../../support/nats/server-settings.js';
import { quietLogger } from '../../support/quiet-logger.js';
import { Service } from './service.js';
import { until } from './until.js';

export interface InstallationOptions {
  readonly server?: NatsServerOptions;
  /** Configuration beyond the server's address and free ports. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class Installation {
  constructor(
    private readonly ownServer: NatsServer | null,
    readonly cli: Cli,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  get server(): NatsServer {
    if (this.ownServer === null) throw new Error('the server is not ours');
    return this.ownServer;
  }

  start(kind: 'coordinator' | 'worker' | 'gateway', environment: Readonly<Record<string, string>> = {}): Service {
    const options: CallOptions = { environment: { ...this.environment, ...environment } };
    return new Service(this.cli.start(['serve', kind], options), kind);
  }

  /** A client that starts and inspects runs like a gateway. */
  async withClient(use: (client: Client) => Promise<void>, environment = this.environment): Promise<void> {
    const config = serviceConfig(loadConfig(null, environment));
    const clock = systemClock();
    const { catalog } = await loadControlPlugins(config, quietLogger);
    const backend = await openServiceBackend(config, { name: 'test', clock, log: quietLogger });
    const announced = new AnnouncedTypes({ kv: backend.kv, catalog, clock, log: quietLogger });
    try {
      await announced.start();
      const definitions = new Definitions(backend.blobs, catalog, createExpressionCompiler());
      const journal = new LargeValueJournal(backend.journal, backend.blobs);
      const runs = createRunService({ journal, index: backend.index, definitions, clock, newId: randomUUID });
      const put = (segment: Segment): Promise<string> => definitions.put(defineSegment(segment, catalog));
      await use(new Client(backend, runs, put));
    } finally {
      await announced.stop();
      await backend.close();
    }
  }
}

export class Client {
  constructor(
    readonly backend: Backend,
    readonly runs: RunService,
    private readonly put: (segment: Segment) => Promise<string>,
  ) {}

  async start(segment: Segment, input: Json = {}, span?: RequestingSpan): Promise<RunKey> {
    const traced = span === undefined ? {} : { span };
    return this.runs.start({ tenant_id: 'acme', definition: await this.put(segment), input, ...traced });
  }

  async ended(run: RunKey, patienceMs?: number): Promise<RunView> {
    return until(
      'end of the run',
      async () => {
        const view = await this.runs.show(run);
        return view.completed_at === null ? null : view;
      },
      patienceMs,
    );
  }
}

export async function withInstallation(
  options: InstallationOptions,
  use: (installation: Installation) => Promise<void>,
): Promise<void> {
  await withNatsServer(options.server ?? {}, (server) =>
    withCli((cli) => {
      const environment = {
        LLMTEAM_NATS_SERVERS: server.url,
        LLMTEAM_NATS_PARTITIONS: '4',
        LLMTEAM_COORDINATOR_HTTP_PORT: '0',
        LLMTEAM_WORKER_HTTP_PORT: '0',
        LLMTEAM_GATEWAY_HTTP_PORT: '0',
        LLMTEAM_GATEWAY_DRAIN_SECONDS: '0',
        LLMTEAM_GATEWAY_INDEX_FILE: join(cli.folder, 'index.db'),
        LLMTEAM_COORDINATOR_LEASE_SECONDS: '2',
        ...options.environment,
      };
      return use(new Installation(server, cli, environment));
    }),
  );
}
