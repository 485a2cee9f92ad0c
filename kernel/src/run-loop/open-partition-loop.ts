/** The composition root of one partition's loop. The container does not leave this file. */
import 'reflect-metadata';
import type { Clock, JobQueue, Journal, KvStore, Logger, PubSub, RunKey } from '@llmteam/contracts';
import { Container, type ServiceIdentifier } from 'inversify';
import type { Definitions } from '../definitions/definitions.js';
import type { SegmentStore } from '../definitions/segment-store.js';
import { Retry } from '../retry/retry.js';
import { RunLog } from '../run-log/run-log.js';
import { RunTracer } from '../tracing/run-tracer.js';
import { SpanOutbox } from '../tracing/span-outbox.js';
import type { SpanExport } from '../tracing/span-record.js';
import { Applier } from './applier.js';
import { Checkpoints } from './checkpoints.js';
import { EffectsPerformer } from './effects-performer.js';
import { Follower } from './follower.js';
import { GivenUpRuns } from './given-up-runs.js';
import { LiveRuns } from './live-runs.js';
import { LoopProgress } from './loop-progress.js';
import { LoopState } from './loop-state.js';
import { Orphans } from './orphans.js';
import { PartitionLoop } from './partition-loop.js';
import { type Lists, Projection } from './projection.js';
import { Redispatch } from './redispatch.js';
import { Residency } from './residency.js';
import { RunSnapshots } from './run-snapshots.js';
import { Takeover } from './takeover.js';
import { TimerHeap } from './timer-heap.js';
import { UnclaimedSnapshots } from './unclaimed-snapshots.js';
import { UnreadableFeed } from './unreadable-feed.js';
import { WaitBook } from './wait-book.js';
import type { WaitNotes } from './wait-notes.js';
import { Watchers } from './watchers.js';

export interface PartitionLoopOptions {
  readonly partition: number;
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
  /** Where runs and human tasks are listed: a run index, or a `TaskFeed`. */
  readonly lists: Lists;
  /** Where it is noted what runs wait for. Default: it is only counted. */
  readonly waitNotes?: WaitNotes;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** States to keep in memory, as far as idle runs allow. Default 500; 20,000 where no snapshots are written. */
  readonly maxResidentRuns?: number;
  /** How long the store may refuse an append before the loop fails. Default: forever. */
  readonly storePatienceMs?: number;
  /** Entries after which a checkpoint is due. Default 10,000. */
  readonly checkpointEvery?: number;
  /** Time after which a checkpoint is due, if anything changed. Default 5,000. */
  readonly checkpointIntervalMs?: number;
  /** Jobs without a report after this time are published again, for queues that may lose them. Default: never. */
  readonly redispatchAfterMs?: number;
  /** Where the spans of sampled runs go. Default: none are made. */
  readonly spanExport?: SpanExport | undefined;
  /** Told how long after its time a timer fires. */
  readonly timerFired?: ((lateMs: number) => void) | undefined;
  /** Where a line per event of a run goes. Default: nowhere. */
  readonly eventLog?: Logger | undefined;
  /** Called once when the loop cannot continue. */
  readonly onFailure: (error: unknown) => void;
}

const id = <T>(name: string): ServiceIdentifier<T> => Symbol(name);
const ids = {
  partition: id<number>('partition'),
  journal: id<Journal>('journal'),
  queue: id<JobQueue>('queue'),
  pubSub: id<PubSub>('pub/sub'),
  kv: id<KvStore>('key-value store'),
  lists: id<Lists>('lists'),
  definitions: id<Definitions>('definitions'),
  segments: id<SegmentStore>('segments'),
  clock: id<Clock>('clock'),
  log: id<Logger>('log'),
  onFailure: id<(error: unknown) => void>('on failure'),
  loop: id<LoopState>('loop state'),
  progress: id<LoopProgress>('progress'),
  orphans: id<Orphans>('orphans'),
  unclaimed: id<UnclaimedSnapshots>('unclaimed snapshots'),
  watchers: id<Watchers>('watchers'),
  outbox: id<SpanOutbox | null>('span outbox'),
  tracer: id<RunTracer>('run tracer'),
  runLog: id<RunLog>('run log'),
  runs: id<LiveRuns>('runs'),
  retry: id<Retry>('retry'),
  timers: id<TimerHeap>('timers'),
  snapshots: id<RunSnapshots>('snapshots'),
  projection: id<Projection>('projection'),
  performer: id<EffectsPerformer>('effects performer'),
  redispatch: id<Redispatch>('redispatch'),
  residency: id<Residency>('residency'),
  checkpoints: id<Checkpoints>('checkpoints'),
  applier: id<Applier>('applier'),
  takeover: id<Takeover>('takeover'),
  follower: id<Follower>('follower'),
  givenUp: id<GivenUpRuns>('given up runs'),
  unreadable: id<UnreadableFeed>('unreadable messages'),
  waits: id<WaitBook>('waits'),
  partitionLoop: id<PartitionLoop>('partition loop'),
};

/** The loop of one partition, not started yet: `takeOver` or `adopt` does that. */
export function openPartitionLoop(options: PartitionLoopOptions): PartitionLoop {
  const container = new Container({ defaultScope: 'Singleton' });
  bindSurroundings(container, options);
  bindState(container, options);
  bindStores(container, options);
  bindWork(container, options);
  return container.get(ids.partitionLoop);
}

function bindSurroundings(container: Container, options: PartitionLoopOptions): void {
  container.bind(ids.partition).toConstantValue(options.partition);
  container.bind(ids.journal).toConstantValue(options.journal);
  container.bind(ids.queue).toConstantValue(options.queue);
  container.bind(ids.pubSub).toConstantValue(options.pubSub);
  container.bind(ids.kv).toConstantValue(options.kv);
  container.bind(ids.lists).toConstantValue(options.lists);
  container.bind(ids.definitions).toConstantValue(options.definitions);
  container.bind(ids.segments).toConstantValue(options.segments);
  container.bind(ids.clock).toConstantValue(options.clock);
  container.bind(ids.log).toConstantValue(options.log);
  container.bind(ids.onFailure).toConstantValue(options.onFailure);
  container.bind(ids.runLog).toConstantValue(new RunLog(options.eventLog ?? null));
}

function bindState(container: Container, { waitNotes = null }: { readonly waitNotes?: WaitNotes | null }): void {
  container.bind(ids.loop).toResolvedValue(() => new LoopState());
  container.bind(ids.progress).toResolvedValue(() => new LoopProgress());
  container.bind(ids.orphans).toResolvedValue(() => new Orphans());
  container.bind(ids.givenUp).toResolvedValue(() => new GivenUpRuns());
  container.bind(ids.unclaimed).toResolvedValue(() => new UnclaimedSnapshots());
  container.bind(ids.watchers).toResolvedValue(() => new Watchers());
  container.bind(ids.runs).toResolvedValue(() => new LiveRuns());
  const { clock, log, loop, runs } = ids;
  bindByName(container, ids.waits, (deps) => new WaitBook({ ...deps, notes: waitNotes }), { clock, log, loop, runs });
}

/** What stands between the loop and the backend. */
function bindStores(container: Container, { storePatienceMs, ...options }: PartitionLoopOptions): void {
  container
    .bind(ids.retry)
    .toResolvedValue(
      (clock, log, onFailure) => new Retry(clock, log, storePatienceMs ?? Number.POSITIVE_INFINITY, onFailure),
      [ids.clock, ids.log, ids.onFailure],
    );
  container
    .bind(ids.timers)
    .toResolvedValue(
      (clock, journal, retry) => timersThatFire(clock, journal, retry, options.timerFired),
      [ids.clock, ids.journal, ids.retry],
    );
  container
    .bind(ids.snapshots)
    .toResolvedValue(
      (kv, partition, loop, log) => new RunSnapshots(kv, partition, loop, log),
      [ids.kv, ids.partition, ids.loop, ids.log],
    );
  container
    .bind(ids.projection)
    .toResolvedValue(
      (lists, partition, loop, log) => new Projection(lists, partition, loop, log),
      [ids.lists, ids.partition, ids.loop, ids.log],
    );
  bindTracing(container, options);
  const { journal, definitions, loop, runs, snapshots, timers, tracer, outbox, waits } = ids;
  bindByName(container, ids.residency, (deps) => new Residency({ ...deps, maxResident: options.maxResidentRuns }), {
    ...{ journal, definitions, loop, runs, snapshots, timers, tracer, waits },
  });
  const { partition, kv, clock, log, progress, projection } = ids;
  bindByName(
    container,
    ids.checkpoints,
    (deps) =>
      new Checkpoints({
        ...deps,
        everyEntries: options.checkpointEvery ?? 10_000,
        intervalMs: options.checkpointIntervalMs ?? 5_000,
      }),
    { partition, kv, clock, log, loop, progress, runs, snapshots, projection, outbox },
  );
}

function bindTracing(container: Container, { spanExport: exporter }: Pick<PartitionLoopOptions, 'spanExport'>): void {
  bindByName(container, ids.outbox, (deps) => (exporter === undefined ? null : new SpanOutbox({ ...deps, exporter })), {
    kv: ids.kv,
    partition: ids.partition,
    clock: ids.clock,
  });
  container.bind(ids.tracer).toResolvedValue((outbox) => new RunTracer(outbox), [ids.outbox]);
}

/** What applies entries and performs their effects. */
function bindWork(container: Container, { redispatchAfterMs }: PartitionLoopOptions): void {
  const { partition, journal, queue, pubSub, definitions, segments, clock, log, onFailure } = ids;
  const { loop, progress, orphans, unclaimed, watchers, runs, retry, timers, snapshots, projection } = ids;
  const { performer, redispatch, residency, checkpoints, applier, takeover, follower, kv, givenUp, unreadable } = ids;
  const { tracer, outbox, runLog, waits } = ids;
  bindByName(container, performer, (deps) => new EffectsPerformer(deps), {
    ...{ loop, journal, queue, pubSub, segments, definitions, timers, projection, retry, log },
  });
  bindByName(container, redispatch, (deps) => new Redispatch(deps, redispatchAfterMs), {
    loop,
    clock,
    runs,
    performer,
  });
  bindByName(container, applier, (deps) => new Applier(deps), {
    ...{ journal, definitions, log, loop, progress, runs, residency, snapshots, unclaimed, orphans, givenUp },
    ...{ timers, performer, projection, watchers, tracer, runLog, waits, retry },
  });
  bindByName(container, takeover, (deps) => new Takeover(deps), {
    ...{ partition, journal, kv, runs, residency, snapshots, unclaimed, givenUp, checkpoints, timers, applier },
    ...{ tracer, waits },
  });
  bindByName(container, unreadable, (deps) => new UnreadableFeed(deps), {
    ...{ partition, kv, clock, log, loop, progress, checkpoints, applier },
  });
  bindByName(container, follower, (deps) => new Follower(deps), {
    ...{ partition, journal, definitions, log, loop, progress, runs, residency, snapshots, unclaimed, orphans },
    ...{ timers, performer, projection, redispatch, checkpoints, applier, unreadable, runLog, waits },
  });
  bindByName(container, ids.partitionLoop, (deps) => new PartitionLoop(deps), {
    ...{ partition, journal, loop, progress, runs, residency, timers, performer, projection, redispatch },
    ...{ checkpoints, watchers, retry, takeover, follower, unreadable, waits, outbox, runLog, clock, log, onFailure },
  });
}

type Identifiers = Readonly<Record<string, ServiceIdentifier>>;
type Resolved<Ids extends Identifiers> = {
  readonly [Name in keyof Ids]: Ids[Name] extends ServiceIdentifier<infer Service> ? Service : never;
};

/** Binds what a factory makes of its dependencies, given to it by name. */
function bindByName<Service, Ids extends Identifiers>(
  container: Container,
  service: ServiceIdentifier<Service>,
  make: (deps: Resolved<Ids>) => Service,
  dependencies: Ids,
): void {
  const names = Object.keys(dependencies);
  container
    .bind(service)
    .toResolvedValue(
      (...values: unknown[]) =>
        make(Object.fromEntries(names.map((name, place) => [name, values[place]])) as Resolved<Ids>),
      Object.values(dependencies),
    );
}

/** A timer that comes due becomes a fact of its run. */
function timersThatFire(
  clock: Clock,
  journal: Journal,
  retry: Retry,
  fired: PartitionLoopOptions['timerFired'],
): TimerHeap {
  const fire = (run: RunKey, timer: string): Promise<void> => {
    const fact = { type: 'timer.fired', at: clock.now(), timer } as const;
    return retry.untilKept(() => journal.append(run, [{ message_id: `timer:${timer}`, fact }]));
  };
  return new TimerHeap(clock, fire, fired);
}
