/** A partition with its loop and a worker on the memory backend; several can share one backend, as coordinators do. */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import type {
  Backend,
  Fact,
  FiredPorts,
  Journal,
  Json,
  JsonObject,
  RunKey,
  RunView,
  Segment,
  StepContext,
  TaskType,
} from '@llmteam/contracts';
import flow from '@llmteam/flow';
import {
  CheckedJournal,
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  IndexWaits,
  LargeValueJournal,
  type LoopStatus,
  openPartitionLoop,
  type PartitionLoop,
  type PartitionLoopOptions,
  type ResourceConfig,
  Resources,
  Retry,
  type RunService,
  SegmentStore,
  StepCatalog,
  type WaitCounts,
  WorkLoop,
} from '@llmteam/kernel';
import { type ManualClock, manualClock } from '@llmteam/testing';
import { noOutbound } from '../support/no-outbound.js';
import { quietLogger } from '../support/quiet-logger.js';
import { callsType } from '../support/simulation/calls-type.js';
import { workType } from '../support/simulation/work-type.js';

export type Handler = (context: StepContext, config: JsonObject, input: Json) => Promise<FiredPorts>;

export interface Shared {
  readonly backend: Backend;
  readonly clock: ManualClock;
}

export async function withBackend(work: (shared: Shared) => Promise<void>): Promise<void> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const backend = await openMemoryBackend({ clock });
  try {
    await work({ backend, clock });
  } finally {
    await backend.close();
  }
}

export class Partition {
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly runs: RunService;
  readonly failures: unknown[] = [];
  private readonly catalog = new StepCatalog();
  private readonly journal: Journal;
  private loop: PartitionLoop;
  private worker: WorkLoop | null = null;
  private ids = 0;

  constructor(
    private readonly shared: Shared,
    private readonly name: string,
    handler: Handler,
    private readonly options: Partial<PartitionLoopOptions> = {},
  ) {
    const task: TaskType<JsonObject> = { ...workType, run: handler };
    for (const type of flow.stepTypes ?? []) if (type.kind === 'control') this.catalog.add(type, '1.0.0', 'flow');
    this.catalog.add(callsType, '1.0.0', 'test');
    this.catalog.add(task, '1.0.0', 'test');
    this.journal =
      options.journal ?? new CheckedJournal(new LargeValueJournal(shared.backend.journal, shared.backend.blobs));
    this.definitions = new Definitions(shared.backend.blobs, this.catalog, createExpressionCompiler());
    this.segments = new SegmentStore(options.kv ?? shared.backend.kv, this.definitions);
    const { clock, backend } = shared;
    const newId = (): string => `${name}-${++this.ids}`;
    this.runs = createRunService({
      journal: this.journal,
      index: backend.index,
      definitions: this.definitions,
      clock,
      newId,
      samples: () => options.spanExport !== undefined,
    });
    this.loop = this.newLoop();
  }

  private newLoop(): PartitionLoop {
    const { backend, clock } = this.shared;
    return openPartitionLoop({
      partition: 0,
      ...backend,
      lists: backend.index,
      waitNotes: new IndexWaits(backend.index, backend.journal, 0),
      journal: this.journal,
      clock,
      log: quietLogger,
      definitions: this.definitions,
      segments: this.segments,
      onFailure: (error) => this.failures.push(error),
      ...this.options,
    });
  }

  async takeOver(): Promise<void> {
    await this.loop.takeOver();
  }

  async adopt(runs: readonly RunKey[]): Promise<void> {
    await this.loop.adopt(runs);
  }

  async work(configured: Partial<ResourceConfig> = {}): Promise<void> {
    const { backend, clock } = this.shared;
    const nothing = { llms: {}, clients: {}, stores: ['kept'], secrets: {}, reveal: (text: string) => text };
    const resources = new Resources({ ...nothing, ...configured }, new Map());
    const retry = new Retry(clock, quietLogger, Number.POSITIVE_INFINITY, (error) => this.failures.push(error));
    const ports = {
      ...backend,
      journal: this.journal,
      clock,
      log: quietLogger,
      resources,
      outbound: noOutbound,
      compiler: createExpressionCompiler(),
    };
    this.worker = new WorkLoop(ports, { workerId: this.name, catalog: this.catalog, retry });
    await this.worker.start();
  }

  async publish(segment: Segment): Promise<void> {
    await this.segments.publish('acme', defineSegment(segment, this.catalog));
  }

  async start(segment: Segment, input: Json = {}, runId?: string): Promise<RunKey> {
    const definition = await this.definitions.put(defineSegment(segment, this.catalog));
    return this.runs.start({ tenant_id: 'acme', definition, input, ...(runId !== undefined && { run_id: runId }) });
  }

  /** Flushes everything that needs no time to pass. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.shared.clock.advance(0);
  }

  async view(run: RunKey): Promise<RunView> {
    await this.settle();
    return this.runs.show(run);
  }

  liveRuns(): number {
    return this.loop.liveRuns();
  }

  watch(run: RunKey, events: string[]): void {
    this.loop.watch(run.run_id, {
      events: (list) => events.push(...list.map((event) => `${event.seq} ${event.event_type}`)),
    });
  }

  /** Puts an entry into a history that no version of the engine can read. */
  async spoil(run: RunKey, messageId = 'spoilt'): Promise<void> {
    const fact = { type: 'run.forgotten', at: 1 } as unknown as Fact;
    await this.shared.backend.journal.append(run, [{ message_id: messageId, fact }]);
  }

  watchFailures(run: RunKey, failures: unknown[]): void {
    this.loop.watch(run.run_id, { failed: (error) => failures.push(error) });
  }

  async redispatch(): Promise<void> {
    await this.loop.redispatch();
  }

  lag(): Promise<{ readonly behind: number }> {
    return this.loop.lag();
  }

  /** Jobs that its worker holds. */
  running(): number {
    return this.worker?.running() ?? 0;
  }

  waiting(): WaitCounts {
    return this.loop.waiting();
  }

  status(): LoopStatus {
    return this.loop.status();
  }

  /** Simulates a crash: stops without a final checkpoint. */
  async crash(): Promise<void> {
    await this.loop.stop({ checkpoint: false });
    await this.stop();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    const worker = this.worker?.stop(0);
    await this.shared.clock.advance(0);
    await worker;
  }
}

export const echo: Handler = async (_context, config, input) => ({
  output: Object.hasOwn(config, 'result') ? (config.result ?? null) : input,
});
