/**
 * Coordinators and workers as operators run them, on a fresh server, and a client that starts runs and hears of their ends. It listens to
 * the run-level subjects of the journal, which costs the server nothing that a gateway would not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { system_clock } from '@llmteam/backend-embedded';
import { default_settings } from '@llmteam/backend-nats';
import type { Backend, Json, RunKey, Segment } from '@llmteam/contracts';
import { create_expression_compiler, create_run_service, Definitions, define_segment } from '@llmteam/kernel';
import { load_config, load_plugins, open_nats, service_config } from '@llmteam/service-host';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { with_folder } from '../folder.js';
import { silent } from '../silent.js';
import { with_bench_server } from './bench-server.js';
import { Load } from './load.js';
import { Service } from './service.js';

export interface ClusterOptions {
  readonly sync: 'default' | 'always';
  readonly coordinators: number;
  readonly workers: number;
  readonly env?: Record<string, string>;
}

export interface Cluster {
  prepare(segment: Segment): Promise<string>;
  /** Resolves once the run is accepted; `ended` once its end stands in the journal. */
  start(definition: string, input?: Json): Promise<{ readonly ended: Promise<void> }>;
  /** Runs so many times, so many at a time, by a client that does little. */
  run_many(definition: string, runs: number, in_flight: number): Promise<void>;
  /** Runs once. */
  run(definition: string, input?: Json): Promise<void>;
  readonly coordinators: readonly Service[];
  add_worker(): Promise<void>;
  /** Resolves once it has taken over every partition: for when no other coordinator lives. */
  add_coordinator(): Promise<Service>;
  /** Resolves once the checkpoint of every partition stands at the end of its journal. */
  checkpointed(): Promise<void>;
}

const noop_plugin = fileURLToPath(new URL('../../noop-plugin', import.meta.url));
const namespace = 'bench';
const tenant_id = 'bench';
const { partitions } = default_settings;

export async function with_cluster<T>(options: ClusterOptions, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  return with_bench_server(options.sync, ({ url }) =>
    with_folder(async (folder) => {
      const path = join(folder, 'llmteam.config.json');
      const http = { host: '127.0.0.1', port: 0 };
      const nats = { servers: [url], namespace, ...(options.sync === 'always' && { atomic_batches: true }) };
      const written = { nats, plugins: [noop_plugin], coordinator: { http }, worker: { http } };
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
        return await with_client(path, url, (client) =>
          work({
            ...client,
            coordinators,
            add_worker: async () => void (await start('worker')),
            add_coordinator: () => start('coordinator', partitions),
          }),
        );
      } finally {
        await Promise.all(services.map((service) => service.stop('SIGKILL')));
      }
    }),
  );
}

type Client = Pick<Cluster, 'prepare' | 'start' | 'run_many' | 'run' | 'checkpointed'>;

async function with_client<T>(path: string, url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const config = service_config(load_config(path, {}));
  const clock = system_clock();
  const backend = await open_nats(config, { name: 'bench', clock, log: silent });
  const { catalog } = await load_plugins(config, silent);
  const definitions = new Definitions(backend.blobs, catalog, create_expression_compiler());
  const { journal, index } = backend;
  const ids = { made: 0 };
  const new_id = (): string => `run-${process.pid}-${++ids.made}`;
  const runs = create_run_service({ journal, index, definitions, clock, new_id });
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const partition_of = (run: RunKey): number => journal.partition_of(run);
  const load = new Load({ connection, namespace, partition_of });
  const ends = listen_for_ends(connection);
  const start: Client['start'] = async (definition, input = {}) => {
    const run_id = new_id();
    const ended = ends.of(run_id);
    await runs.start({ tenant_id, run_id, definition, input, timeout_seconds: null });
    return { ended };
  };
  try {
    return await work({
      prepare: (segment) => definitions.put(define_segment(segment, catalog)),
      start,
      run_many: (...given) => load.run(...given),
      run: async (definition, input) => (await start(definition, input)).ended,
      checkpointed: async () => {
        for (let partition = 0; partition < partitions; partition++) await checkpointed(backend, partition);
      },
    });
  } finally {
    await connection.close();
    await backend.close();
  }
}

async function checkpointed(
  { registry, journal }: Pick<Backend, 'registry' | 'journal'>,
  partition: number,
): Promise<void> {
  for (;;) {
    const kept = await registry.get(`checkpoints/${partition}`);
    const { position } = (kept?.value ?? { position: -1 }) as { readonly position: number };
    if (position >= (await journal.end(partition))) return;
    await sleep(500);
  }
}

function listen_for_ends(connection: NatsConnection): { of(run_id: string): Promise<void> } {
  const waiting = new Map<string, () => void>();
  connection.subscribe(`${namespace}.journal.*.${tenant_id}.*.r`, {
    callback: (_, msg) => {
      if (!msg.string().includes('"type":"run.ended"')) return;
      const run_id = msg.subject.split('.')[4] ?? '';
      waiting.get(run_id)?.();
      waiting.delete(run_id);
    },
  });
  return { of: (run_id) => new Promise((resolve) => waiting.set(run_id, resolve)) };
}
