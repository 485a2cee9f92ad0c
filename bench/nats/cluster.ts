/**
 * Coordinators and workers as operators run them, on a fresh server, and a client that starts runs and sees them end.
 * The client subscribes to the run-level subjects of the journal, which costs the server no more than a gateway does.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defaultSettings } from '@llmteam/backend-nats';
import type { Backend, Json, RunKey, Segment } from '@llmteam/contracts';
import { createExpressionCompiler, createRunService, Definitions, defineSegment } from '@llmteam/kernel';
import { loadConfig, loadPlugins, openServiceBackend, serviceConfig, systemClock } from '@llmteam/service-host';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { withFolder } from '../folder.js';
import { silent } from '../silent.js';
import { withBenchServer } from './bench-server.js';
import { Load } from './load.js';
import { Service } from './service.js';

export interface ClusterOptions {
  readonly sync: 'default' | 'always';
  readonly coordinators: number;
  readonly workers: number;
  readonly env?: Record<string, string>;
  /** The share of the runs of `runMany` that are traced. Default: none. */
  readonly traced?: number;
}

export interface Cluster {
  prepare(segment: Segment): Promise<string>;
  /** Resolves once the run is accepted; `ended` resolves once its end is in the journal. */
  start(definition: string, input?: Json): Promise<{ readonly ended: Promise<void> }>;
  /** Completes `runs` runs, `inFlight` at a time, with a minimal client. */
  runMany(definition: string, runs: number, inFlight: number): Promise<void>;
  /** Resolves once the run has ended. */
  run(definition: string, input?: Json): Promise<void>;
  readonly coordinators: readonly Service[];
  addWorker(): Promise<void>;
  /** Resolves once it has taken over every partition, so no other coordinator may be alive. */
  addCoordinator(): Promise<Service>;
  /** Resolves once the checkpoint of every partition has reached the end of its journal. */
  checkpointed(): Promise<void>;
  /** What the streams of the journal take on the server. */
  journalBytes(): Promise<number>;
}

const noopPlugin = fileURLToPath(new URL('../../noop-plugin', import.meta.url));
const namespace = 'bench';
const tenantId = 'bench';
const { partitions } = defaultSettings;

export async function withCluster<T>(options: ClusterOptions, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  return withBenchServer(options.sync, ({ url }) =>
    withFolder(async (folder) => {
      const path = join(folder, 'llmteam.config.json');
      const http = { host: '127.0.0.1', port: 0 };
      const nats = { servers: [url], namespace, ...(options.sync === 'always' && { atomic_batches: true }) };
      const written = {
        nats,
        plugins: [{ package: noopPlugin, isolation: 'inline' }],
        coordinator: { http },
        worker: { http },
      };
      writeFileSync(path, JSON.stringify(written));
      const services: Service[] = [];
      const start = async (kind: 'coordinator' | 'worker', share?: number): Promise<Service> => {
        const service = await Service.start(kind, path, options.env ?? {}, share);
        services.push(service);
        return service;
      };
      try {
        const coordinators: Service[] = [];
        for (let count = 0; count < options.coordinators; count++) coordinators.push(await start('coordinator'));
        for (let count = 0; count < options.workers; count++) await start('worker');
        return await withClient(path, url, options.traced ?? 0, (client) =>
          work({
            ...client,
            coordinators,
            addWorker: async () => void (await start('worker')),
            addCoordinator: () => start('coordinator', partitions),
          }),
        );
      } finally {
        await Promise.all(services.map((service) => service.stop('SIGKILL')));
      }
    }),
  );
}

type Client = Pick<Cluster, 'prepare' | 'start' | 'runMany' | 'run' | 'checkpointed' | 'journalBytes'>;

async function withClient<T>(
  path: string,
  url: string,
  traced: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const config = serviceConfig(loadConfig(path, {}));
  const clock = systemClock();
  const backend = await openServiceBackend(config, { name: 'bench', clock, log: silent });
  const { catalog } = await loadPlugins(config, silent);
  const definitions = new Definitions(backend.blobs, catalog, createExpressionCompiler());
  const { journal, index } = backend;
  const ids = { made: 0 };
  const newId = (): string => `run-${process.pid}-${++ids.made}`;
  const runs = createRunService({ journal, index, definitions, clock, newId });
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const partitionOf = (run: RunKey): number => journal.partitionOf(run);
  const load = new Load({ connection, namespace, partitionOf, traced });
  const ends = listenForEnds(connection);
  const start: Client['start'] = async (definition, input = {}) => {
    const runId = newId();
    const ended = ends.of(runId);
    await runs.start({ tenant_id: tenantId, run_id: runId, definition, input, timeout_seconds: null });
    return { ended };
  };
  try {
    return await work({
      prepare: (segment) => definitions.put(defineSegment(segment, catalog)),
      start,
      runMany: (...given) => load.run(...given),
      run: async (definition, input) => (await start(definition, input)).ended,
      checkpointed: async () => {
        for (let partition = 0; partition < partitions; partition++) await checkpointed(backend, partition);
      },
      journalBytes: () => journalBytes(connection),
    });
  } finally {
    await connection.close();
    await backend.close();
  }
}

async function journalBytes(connection: NatsConnection): Promise<number> {
  const manager = await jetstreamManager(connection);
  const names = Array.from({ length: partitions }, (_, partition) => `${namespace.toUpperCase()}_JOURNAL_${partition}`);
  const streams = await Promise.all(names.map((name) => manager.streams.info(name)));
  return streams.reduce((sum, { state }) => sum + state.bytes, 0);
}

async function checkpointed({ kv, journal }: Pick<Backend, 'kv' | 'journal'>, partition: number): Promise<void> {
  for (;;) {
    const kept = await kv.get(`checkpoints/${partition}`);
    const { position } = (kept?.value ?? { position: -1 }) as { readonly position: number };
    if (position >= (await journal.end(partition))) return;
    await sleep(500);
  }
}

function listenForEnds(connection: NatsConnection): { of(runId: string): Promise<void> } {
  const waiting = new Map<string, () => void>();
  connection.subscribe(`${namespace}.journal.*.${tenantId}.*.r`, {
    callback: (_, msg) => {
      if (!msg.string().includes('"type":"run.ended"')) return;
      const runId = msg.subject.split('.')[4] ?? '';
      waiting.get(runId)?.();
      waiting.delete(runId);
    },
  });
  return { of: (runId) => new Promise((resolve) => waiting.set(runId, resolve)) };
}
