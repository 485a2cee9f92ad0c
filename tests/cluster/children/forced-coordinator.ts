/**
 * A coordinator that drives every partition without leases and without being fenced. Its configuration is the nearest
 * `llmteam.config.json`, as for `llmteam serve coordinator`.
 */
import {
  AnnouncedTypes,
  createExpressionCompiler,
  Definitions,
  LargeValueJournal,
  openPartitionLoop,
  type PartitionLoop,
  SegmentStore,
  TaskFeed,
} from '@llmteam/kernel';
import {
  findConfig,
  loadConfig,
  loadControlPlugins,
  openLog,
  openServiceBackend,
  processName,
  runService,
  type ServiceConfig,
  serviceConfig,
  systemClock,
} from '@llmteam/service-host';

const config: ServiceConfig = serviceConfig(loadConfig(findConfig(process.cwd())));
const log = await openLog({
  level: 'info',
  format: 'json',
  colours: false,
  secrets: [],
  write: (text) => void process.stderr.write(text),
});
const clock = systemClock();
const loops: PartitionLoop[] = [];
const redispatch = (): void => {
  for (const loop of loops)
    loop.redispatch().catch((err: unknown) => log.warn({ err }, 'jobs were not published again'));
};

await runService({ log, closeMs: 5_000, leave: () => process.exit(1) }, async ({ lifecycle, fail }) => {
  const { catalog, host } = await loadControlPlugins(config, log);
  const backend = await openServiceBackend(config, { name: processName(), clock, log, onJobsLost: redispatch });
  lifecycle.opens('backend', () => backend.close());
  await host.start();
  const { kv, queue, pubSub, blobs } = backend;
  const announced = new AnnouncedTypes({ kv, catalog, clock, log });
  await announced.start();
  lifecycle.opens('announced types', () => announced.stop());
  const definitions = new Definitions(blobs, catalog, createExpressionCompiler(), (typeId, version) =>
    announced.lookUp(typeId, version),
  );
  const journal = new LargeValueJournal(backend.journal, blobs);
  for (let partition = 0; partition < journal.partitions; partition++) {
    const loop = openPartitionLoop({
      partition,
      journal,
      queue,
      pubSub,
      kv,
      lists: new TaskFeed(kv),
      definitions,
      segments: new SegmentStore(kv, definitions),
      clock,
      log: log.child({ partition }),
      redispatchAfterMs: 2 * queue.leaseMs,
      onFailure: fail,
    });
    lifecycle.opens(`partition ${partition}`, async () => {
      const { entriesApplied, isLive } = loop.status();
      log.info({ partition, entriesApplied, isLive }, 'how far the partition was worked on');
      await loop.stop();
    });
    await loop.takeOver();
    loops.push(loop);
  }
  log.info({ partitions: journal.partitions }, 'the coordinator has joined');
});
