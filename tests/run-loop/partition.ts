/** A partition with its loop and a worker on the memory backend; several of them can share one backend, as coordinators do. */
import { type ManualClock, manual_clock, open_memory_backend } from '@llmteam/backend-embedded';
import type {
  Backend,
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
  create_expression_compiler,
  create_run_service,
  Definitions,
  define_segment,
  LargeValueJournal,
  type LoopStatus,
  PartitionLoop,
  type PartitionLoopOptions,
  Resources,
  Retry,
  type RunService,
  SegmentStore,
  StepCatalog,
  WorkLoop,
} from '@llmteam/kernel';
import { quiet_logger } from '../support/quiet-logger.js';
import { work_type } from '../support/simulation/work-type.js';

export type Handler = (context: StepContext, config: JsonObject, input: Json) => Promise<FiredPorts>;

export interface Shared {
  readonly backend: Backend;
  readonly clock: ManualClock;
}

export async function with_backend(work: (shared: Shared) => Promise<void>): Promise<void> {
  const clock = manual_clock(Date.UTC(2026, 0, 1));
  const backend = await open_memory_backend({ clock });
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
    const task: TaskType<JsonObject> = { ...work_type, run: handler };
    for (const type of flow.step_types ?? []) if (type.kind === 'control') this.catalog.add(type, '1.0.0', 'flow');
    this.catalog.add(task, '1.0.0', 'test');
    this.journal = options.journal ?? new LargeValueJournal(shared.backend.journal, shared.backend.blobs);
    this.definitions = new Definitions(shared.backend.blobs, this.catalog, create_expression_compiler());
    this.segments = new SegmentStore(options.registry ?? shared.backend.registry, this.definitions);
    const { clock, backend } = shared;
    const new_id = (): string => `${name}-${++this.ids}`;
    this.runs = create_run_service({
      journal: this.journal,
      index: backend.index,
      definitions: this.definitions,
      clock,
      new_id,
    });
    this.loop = this.new_loop();
  }

  private new_loop(): PartitionLoop {
    const { backend, clock } = this.shared;
    return new PartitionLoop({
      partition: 0,
      ...backend,
      lists: backend.index,
      journal: this.journal,
      clock,
      log: quiet_logger,
      definitions: this.definitions,
      segments: this.segments,
      on_failure: (error) => this.failures.push(error),
      ...this.options,
    });
  }

  async take_over(): Promise<void> {
    await this.loop.take_over();
  }

  async adopt(runs: readonly RunKey[]): Promise<void> {
    await this.loop.adopt(runs);
  }

  async work(): Promise<void> {
    const { backend, clock } = this.shared;
    const resources = new Resources(
      { llms: {}, clients: {}, stores: ['kept'], secrets: {}, reveal: (text) => text },
      new Map(),
    );
    const retry = new Retry(clock, quiet_logger, Number.POSITIVE_INFINITY, (error) => this.failures.push(error));
    const ports = {
      ...backend,
      journal: this.journal,
      clock,
      log: quiet_logger,
      resources,
      compiler: create_expression_compiler(),
    };
    this.worker = new WorkLoop(ports, { worker_id: this.name, catalog: this.catalog, retry });
    await this.worker.start();
  }

  async publish(segment: Segment): Promise<void> {
    await this.segments.publish('acme', define_segment(segment, this.catalog));
  }

  async start(segment: Segment, input: Json = {}, run_id?: string): Promise<RunKey> {
    const definition = await this.definitions.put(define_segment(segment, this.catalog));
    return this.runs.start({ tenant_id: 'acme', definition, input, ...(run_id !== undefined && { run_id }) });
  }

  /** Lets everything settle that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.shared.clock.advance(0);
  }

  async view(run: RunKey): Promise<RunView> {
    await this.settle();
    return this.runs.show(run);
  }

  live_runs(): number {
    return this.loop.live_runs();
  }

  watch(run: RunKey, events: string[]): void {
    this.loop.watch(run.run_id, {
      events: (list) => events.push(...list.map((event) => `${event.seq} ${event.event_type}`)),
    });
  }

  watch_failures(run: RunKey, failures: unknown[]): void {
    this.loop.watch(run.run_id, { failed: (error) => failures.push(error) });
  }

  async redispatch(): Promise<void> {
    await this.loop.redispatch();
  }

  lag(): Promise<{ readonly behind: number }> {
    return this.loop.lag();
  }

  /** Jobs that its worker has at hand. */
  running(): number {
    return this.worker?.running() ?? 0;
  }

  status(): LoopStatus {
    return this.loop.status();
  }

  /** What is kept is what was kept before: the process is gone. */
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
