/**
 * A coordinator that works on every partition whoever else does: without leases, and with nothing that fences it. Its configuration is
 * the nearest `llmteam.config.json`, as for `llmteam serve coordinator`.
 */
import { system_clock } from '@llmteam/backend-embedded';
import {
  AnnouncedTypes,
  create_expression_compiler,
  Definitions,
  LargeValueJournal,
  PartitionLoop,
  SegmentStore,
  TaskFeed,
} from '@llmteam/kernel';
import {
  find_config,
  load_config,
  load_control_plugins,
  open_log,
  open_nats,
  process_name,
  run_service,
  type ServiceConfig,
  service_config,
} from '@llmteam/service-host';

const config: ServiceConfig = service_config(load_config(find_config(process.cwd())));
const log = await open_log({
  level: 'info',
  format: 'json',
  colours: false,
  secrets: [],
  write: (text) => void process.stderr.write(text),
});
const clock = system_clock();
const loops: PartitionLoop[] = [];
const redispatch = (): void => {
  for (const loop of loops)
    loop.redispatch().catch((err: unknown) => log.warn({ err }, 'jobs were not published again'));
};

await run_service({ log, close_ms: 5_000, leave: () => process.exit(1) }, async ({ lifecycle, fail }) => {
  const { catalog, host } = await load_control_plugins(config, log);
  const backend = await open_nats(config, { name: process_name(), clock, log, on_jobs_lost: redispatch });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  const { registry, queue, signals, blobs } = backend;
  const announced = new AnnouncedTypes({ registry, catalog, clock, log });
  await announced.start();
  lifecycle.opens('announced types', () => announced.stop());
  const definitions = new Definitions(blobs, catalog, create_expression_compiler(), (type_id, version) =>
    announced.look_up(type_id, version),
  );
  const journal = new LargeValueJournal(backend.journal, blobs);
  for (let partition = 0; partition < journal.partitions; partition++) {
    const loop = new PartitionLoop({
      partition,
      journal,
      queue,
      signals,
      registry,
      lists: new TaskFeed(registry),
      definitions,
      segments: new SegmentStore(registry, definitions),
      clock,
      log: log.child({ partition }),
      redispatch_after_ms: 2_000 * config.file.nats.job_lease_seconds,
      on_failure: fail,
    });
    lifecycle.opens(`partition ${partition}`, async () => {
      const { entries_applied, is_live } = loop.status();
      log.info({ partition, entries_applied, is_live }, 'how far the partition was worked on');
      await loop.stop();
    });
    await loop.take_over();
    loops.push(loop);
  }
  log.info({ partitions: journal.partitions }, 'the coordinator has joined');
});
