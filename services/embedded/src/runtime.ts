/**
 * Purpose: the engine in one process: backend, plugins, run loops and worker, opened and closed together.
 * Owns: the order of opening and closing, and failing waiters when the store or a loop fails. Does not own: where data is stored.
 */
import { randomUUID } from 'node:crypto';
import {
  type Backend,
  type Clock,
  type Journal,
  type LiveMessage,
  LlmteamError,
  type Logger,
  liveSubject,
  type RunEvent,
  type RunKey,
  type RunResult,
  type Usage,
} from '@llmteam/contracts';
import {
  catchUpIndex,
  type Definitions,
  findVersionUses,
  foldHistory,
  type Outbound,
  type PluginHost,
  pinnedRuns,
  RunningAttempts,
  type RunRemoval,
  type RunService,
  type RunWatcher,
  resultFromView,
  type SegmentStore,
  type Staff,
  type StepCatalog,
  type Surroundings,
  type UnreadRuns,
  type VersionUses,
  type VersionUsesDeps,
  type WaitCounts,
} from '@llmteam/kernel';
import { type Config, Lifecycle, loadPlugins, openTracing, type Plugins, type Tracing } from '@llmteam/service-host';
import { CountingQueue } from './counting-queue.js';
import { CrashCounts } from './crash-counts.js';
import { Observers } from './observers.js';
import { type Driving, drivesNothing } from './owner-info.js';
import { compose, type Root } from './root.js';
import { RunningNotes } from './running-notes.js';

export interface RuntimeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where a line per event of a run goes. Default: nowhere. */
  readonly eventLog?: Logger | undefined;
  readonly openBackend: () => Promise<Backend>;
  /** The folder of the store, once it is open: a crash is noted there, and counts at the next start. Default: crashes are not counted. */
  readonly noteCrashesIn?: () => string;
  /** Plugins that are already loaded but not started. Default: loaded here. */
  readonly plugins?: Plugins;
  readonly newId?: () => string;
  readonly decorateJournal?: (journal: Journal) => Journal;
  /** How handlers reach the network. Default: guarded. */
  readonly outbound?: Outbound;
  /** How long appends to the store are retried before its runs are abandoned; they can be resumed later. Default 5,000. */
  readonly storePatienceMs?: number;
  /** How long closing waits for spans. Default: that of a service. */
  readonly spanPatienceMs?: number;
  /** Collects the runs whose steps cannot be evaluated here. Default: they are logged. */
  readonly unread?: UnreadRuns;
}

export class EmbeddedRuntime {
  /** Rejects with the reason when the runtime cannot continue. */
  readonly failed: Promise<never>;
  /** The runs that the run loops work on. */
  driving: Driving = drivesNothing;

  private constructor(
    readonly catalog: StepCatalog,
    readonly plugins: PluginHost,
    private readonly root: Root,
    /** The raw ports; `journal` is the one that resolves large values. */
    readonly backend: Backend,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
    /** The attempts whose handlers run in this process. */
    readonly running: RunningAttempts,
    readonly tracing: Tracing,
    /** Who is told of what it does. */
    readonly observers: Observers,
    failed: Promise<never>,
  ) {
    this.failed = failed;
    this.failed.catch(() => undefined);
  }

  /** Opens everything; nothing runs until `drive`. @throws LlmteamError of the backend or of a plugin */
  static async open(options: RuntimeOptions): Promise<EmbeddedRuntime> {
    const { config, clock, log, unread } = options;
    const lifecycle = new Lifecycle(log, 10_000);
    try {
      const backend = await options.openBackend();
      lifecycle.opens('backend', () => backend.close());
      const tracing = await openTracing(config, { name: 'llmteam' }, log, options.spanPatienceMs);
      lifecycle.opens('tracing', () => tracing.close());
      const { catalog, host } = options.plugins ?? (await loadPlugins(config, log));
      await host.start();
      lifecycle.opens('plugins', () => host.stop());
      let fail: (error: unknown) => void = () => undefined;
      const failed = new Promise<never>((_, reject) => {
        fail = reject;
      });
      const running = new RunningAttempts();
      const observers = new Observers();
      const folder = options.noteCrashesIn?.();
      const counts = folder === undefined ? null : await CrashCounts.open(folder, backend.kv, log);
      if (folder !== undefined && counts !== null) {
        const notes = new RunningNotes({ folder, running, log, afterCrash: counts.afterCrash });
        lifecycle.opens('crash note', async () => notes.close());
      }
      const root = compose({
        backend: counts === null ? backend : { ...backend, queue: new CountingQueue(backend.queue, counts) },
        running,
        observer: observers.forwarded,
        timerFired: (lateMs) => observers.timerFired?.(lateMs),
        tracing,
        clock,
        log,
        eventLog: options.eventLog,
        config,
        catalog,
        plugins: host,
        newId: options.newId ?? randomUUID,
        ...(options.decorateJournal !== undefined && { decorateJournal: options.decorateJournal }),
        ...(options.outbound !== undefined && { outbound: options.outbound }),
        storePatienceMs: options.storePatienceMs ?? 5_000,
        onFailure: (error) => fail(error),
      });
      for (let partition = 0; partition < root.journal.partitions; partition++) {
        await catchUpIndex({ ...root, index: backend.index, log, ...(unread !== undefined && { unread }) }, partition);
      }
      return new EmbeddedRuntime(catalog, host, root, backend, lifecycle, clock, running, tracing, observers, failed);
    } catch (error) {
      await lifecycle.close();
      throw error;
    }
  }

  get runs(): RunService {
    return this.root.runs;
  }

  get removal(): RunRemoval {
    return this.root.removal;
  }

  get journal(): Journal {
    return this.root.journal;
  }

  get definitions(): Definitions {
    return this.root.definitions;
  }

  get segments(): SegmentStore {
    return this.root.segments;
  }

  /**
   * Starts the run loops and the worker, for the given runs and those requested from now on, or for everything in the store. Without `work`
   * the worker is not started, so no step is executed: for runs that are only to be ended.
   * @throws LlmteamError if one of the given runs cannot be loaded
   */
  async drive(
    which: readonly RunKey[] | 'everything',
    { work = true }: { readonly work?: boolean } = {},
  ): Promise<void> {
    const { loops, worker } = this.root;
    const everything = which === 'everything';
    const runIds = everything ? [] : which.map(({ run_id }) => run_id);
    this.driving = { everything, run_ids: runIds, since: this.clock.now() };
    if (work) {
      await worker.start();
      this.lifecycle.opens('worker', () => worker.stop(1_000));
    }
    for (const [partition, loop] of loops.entries()) {
      this.lifecycle.opens(`run loop ${partition}`, () => loop.stop());
      if (which === 'everything') await loop.takeOver();
      else await loop.adopt(which.filter((run) => this.root.journal.partitionOf(run) === partition));
    }
  }

  /** Concurrent attempts by queue. */
  slots(): ReadonlyMap<string, number> {
    return this.root.worker.concurrency();
  }

  /** Who works on its runs: this process alone. */
  get surroundings(): Surroundings {
    const slots = this.slots();
    return {
      isDriven: true,
      workersOf: (queue) => ({ workers: slots.has(queue) ? 1 : 0, slots: slots.get(queue) ?? 0 }),
      // Attempts of earlier processes are begun again when this one starts.
      isAlive: () => true,
    };
  }

  /** Who works on the runs of its store. */
  get staff(): Staff {
    const { surroundings } = this;
    return {
      of: () => surroundings,
      drivesAll: true,
      queues: [...this.root.worker.concurrency().keys()],
      workers: null,
    };
  }

  /** What the runs that it drives wait for. */
  waiting(): WaitCounts[] {
    return this.root.loops.map((loop) => loop.waiting());
  }

  /** Messages of the journal that were passed over because they cannot be read. */
  unreadableMessages(): number {
    return this.root.loops.reduce((sum, loop) => sum + loop.status().unreadableMessages, 0);
  }

  /** The versions of step types that live runs and stored segments are pinned to, of all tenants. */
  versionUses(): Promise<VersionUses> {
    const { segments, definitions, journal } = this.root;
    const liveRuns: VersionUsesDeps['liveRuns'] = (limit) => pinnedRuns(this.backend.index, journal, limit);
    return findVersionUses({ segments, definitions, liveRuns });
  }

  /** Returns a function that removes the watcher. */
  watch(run: RunKey, watcher: RunWatcher): () => void {
    return this.loopOf(run).watch(run.run_id, watcher);
  }

  /** What a watcher would have been told about the run so far, journal entry by journal entry. @throws LlmteamError */
  async *past(run: RunKey): AsyncGenerator<{ readonly events: readonly RunEvent[]; readonly usage: Usage }> {
    for await (const { run: folded, outcome } of foldHistory(this.root, run, { events: true })) {
      if (folded !== null && outcome !== null) yield { events: outcome.events, usage: folded.state.usage };
    }
  }

  /** Receives tokens as models generate them and what steps say of their progress, best effort. Returns a function that unsubscribes. */
  watchLive(runId: string, receive: (message: LiveMessage) => void): () => void {
    return this.backend.pubSub.subscribe(liveSubject(runId), (message) => receive(message as unknown as LiveMessage));
  }

  /**
   * Resolves once the run has ended. May be called before or after the run is driven.
   * @throws LlmteamError `RUN_UNKNOWN`, or the reason why the runtime cannot continue; the run is not lost then
   */
  async result(run: RunKey): Promise<RunResult> {
    let unwatch: () => void = () => undefined;
    const ended = new Promise<RunResult>((resolve, reject) => {
      unwatch = this.watch(run, { ended: resolve, failed: reject });
    });
    ended.catch(() => undefined);
    // Keeps the process alive: a run that waits for a signal or a person leaves the event loop empty.
    const hold = setInterval(() => undefined, 2 ** 30);
    try {
      const view = await Promise.race([this.runs.show(run), this.failed]);
      if (view.completed_at !== null) return resultFromView(view);
      return await Promise.race([ended, this.failed]);
    } finally {
      clearInterval(hold);
      unwatch();
    }
  }

  private loopOf(run: RunKey): Root['loops'][number] {
    const loop = this.root.loops[this.root.journal.partitionOf(run)];
    if (loop === undefined) throw new LlmteamError('RUN_UNKNOWN', `run '${run.run_id}' belongs to no partition`);
    return loop;
  }

  close(): Promise<void> {
    return this.lifecycle.close();
  }
}
