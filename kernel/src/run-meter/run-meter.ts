/**
 * Purpose: run metrics derived from the journal: each run and each attempt is counted once per process, no matter which process ran it.
 * Owns: the set of live runs by tenant. Does not own: names and formats of metrics (the sink).
 * Invariants:
 *   R1 A run is live from its first entry until `run.ended`, even if it started before this process did.
 *   R2 Events from before the meter started are not counted again; a run that was live then is counted when it ends.
 */
import type { Entry, Journal, Logger, RunEnded, RunIndex, RunKey, RunStatus, StepReported } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { stepOfKey } from '../engine/find-step.js';
import { definitionOf, type PinnedRun } from '../versions/version-uses.js';

export interface RunMeterSink {
  runStarted(run: { readonly tenant_id: string; readonly segment_id: string }): void;
  runEnded(run: {
    readonly tenant_id: string;
    readonly segment_id: string;
    readonly status: RunStatus;
    readonly duration_ms: number;
    /** Of the run, if it is sampled and known here. */
    readonly trace_id: string | null;
  }): void;
  /** An attempt of a task step completed or failed. */
  stepExecuted(step: {
    readonly tenant_id: string;
    readonly step_type: string;
    readonly status: 'completed' | 'failed';
    readonly duration_ms: number;
    readonly trace_id: string | null;
  }): void;
}

export interface RunMeterDeps {
  readonly journal: Journal;
  readonly index: RunIndex;
  readonly definitions: Definitions;
  readonly log: Logger;
  /** Default: the journal's `follow`. If it yields run-level entries only, steps are not counted. */
  readonly followRuns?: Journal['follow'];
}

interface LiveRun {
  readonly tenant_id: string;
  readonly segment_id: string;
  readonly started_at: number;
  /** null if it is not sampled, or began before this process did. */
  readonly trace_id: string | null;
  /** Content hash; null until it is read. */
  definition: string | null;
}

const pageSize = 1_000;

export class RunMeter {
  private readonly live = new Map<string, LiveRun>();
  private readonly counts = new Map<string, number>();
  private readonly stopping = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: RunMeterDeps,
    private readonly sink: RunMeterSink,
  ) {}

  /** Resolves once all live runs are known. */
  async start(): Promise<void> {
    const { journal, index } = this.deps;
    const partitions = Array.from({ length: journal.partitions }, (_, partition) => partition);
    const from = await Promise.all(partitions.map((partition) => index.position(partition)));
    await this.loadLive();
    const caughtUp = partitions.map(
      (partition) =>
        new Promise<void>((resolve, reject) => {
          const following = this.follow(partition, from[partition] ?? 0, resolve).catch(reject);
          this.following = Promise.all([this.following, following]);
        }),
    );
    await Promise.all(caughtUp);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.following.catch(() => undefined);
  }

  /** Number of live runs of a tenant. */
  active(tenantId: string): number {
    return this.counts.get(tenantId) ?? 0;
  }

  /** Number of live runs of every tenant that ever had one. */
  activeByTenant(): ReadonlyMap<string, number> {
    return this.counts;
  }

  /** The start of every live run, in no order: a pass over a map in memory. */
  *starts(): Generator<Pick<LiveRun, 'tenant_id' | 'segment_id' | 'started_at'>> {
    yield* this.live.values();
  }

  /** Some live runs with their definitions. Those of runs that started before this process are read from the journal. */
  async *pinned(limit: number): AsyncGenerator<PinnedRun> {
    for (const [key, run] of [...this.live].slice(0, limit)) {
      const { tenant_id } = run;
      const runId = key.slice(tenant_id.length + 1);
      run.definition ??= await definitionOf(this.deps.journal, { tenant_id, run_id: runId });
      if (run.definition !== null) yield { tenant_id, run_id: runId, definition: run.definition };
    }
  }

  private async loadLive(): Promise<void> {
    let after: RunKey | null = null;
    for (;;) {
      const rows = await this.deps.index.live(after, pageSize);
      for (const row of rows) this.add(row, { ...row, trace_id: null, definition: null });
      after = rows.at(-1) ?? null;
      if (rows.length < pageSize) return;
    }
  }

  private async follow(partition: number, from: number, caughtUp: () => void): Promise<void> {
    const { journal, followRuns = (...args) => journal.follow(...args) } = this.deps;
    for await (const batch of followRuns(partition, from, this.stopping.signal)) {
      if (batch.length === 0) caughtUp();
      for (const entry of batch) await this.note(entry);
    }
    caughtUp();
  }

  private async note(entry: Entry): Promise<void> {
    const { fact } = entry;
    if (fact.type === 'run.requested') {
      const { segment_id, definition, at, trace } = fact;
      const traceId = trace?.sampled === true ? fact.trace_id : null;
      const { tenant_id } = entry;
      // A known definition means this entry was seen before; a run loaded from the index may not have been counted yet.
      const isCounted = typeof this.live.get(mapKey(entry))?.definition === 'string';
      this.add(entry, { tenant_id, segment_id, started_at: at, trace_id: traceId, definition });
      if (!isCounted) this.sink.runStarted({ tenant_id, segment_id });
    } else if (fact.type === 'run.ended') await this.noteEnd(entry, fact);
    else if (fact.type === 'step.reported') await this.noteStep(entry, fact);
  }

  private async noteEnd(key: RunKey, { at, status }: RunEnded): Promise<void> {
    const live = this.live.get(mapKey(key));
    if (live !== undefined) this.remove(key);
    const run = live ?? (await this.deps.index.run(key.tenant_id, key.run_id));
    if (run === null) return;
    const { segment_id, started_at } = run;
    const duration = Math.max(0, at - started_at);
    const traceId = live?.trace_id ?? null;
    this.sink.runEnded({
      tenant_id: key.tenant_id,
      segment_id,
      status,
      duration_ms: duration,
      trace_id: traceId,
    });
  }

  private async noteStep(key: RunKey, { at, started_at, step, error }: StepReported): Promise<void> {
    const traceId = this.live.get(mapKey(key))?.trace_id ?? null;
    const stepType = await this.typeOf(key, step);
    if (stepType === null) return;
    const status = error === undefined ? 'completed' : 'failed';
    const { tenant_id } = key;
    const duration = Math.max(0, at - started_at);
    this.sink.stepExecuted({ tenant_id, step_type: stepType, status, duration_ms: duration, trace_id: traceId });
  }

  /** null if the run has ended or its definition cannot be read here. */
  private async typeOf(key: RunKey, step: string): Promise<string | null> {
    const live = this.live.get(mapKey(key));
    if (live === undefined) return null;
    try {
      live.definition ??= (await definitionOf(this.deps.journal, key)) ?? '';
      const { definitions } = this.deps;
      const plan = definitions.cachedPlan(live.definition) ?? (await definitions.plan(live.definition));
      return stepOfKey(plan, step)?.type_id ?? null;
    } catch (err) {
      const { tenant_id, run_id } = key;
      this.deps.log.debug({ err, tenant_id, run_id, step }, 'a step is not counted: its definition cannot be read');
      return null;
    }
  }

  private add(key: RunKey, run: LiveRun): void {
    if (!this.live.has(mapKey(key))) this.count(run.tenant_id, 1);
    this.live.set(mapKey(key), run);
  }

  private remove(key: RunKey): void {
    if (this.live.delete(mapKey(key))) this.count(key.tenant_id, -1);
  }

  private count(tenantId: string, change: number): void {
    this.counts.set(tenantId, (this.counts.get(tenantId) ?? 0) + change);
  }
}

function mapKey({ tenant_id, run_id }: RunKey): string {
  return `${tenant_id}/${run_id}`;
}
