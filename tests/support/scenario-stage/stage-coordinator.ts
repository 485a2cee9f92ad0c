import type { Backend, Journal, Position, RunEvent, RunKey, RunResult } from '@llmteam/contracts';
import {
  createExpressionCompiler,
  Definitions,
  openPartitionLoop,
  type PartitionLoop,
  SegmentStore,
} from '@llmteam/kernel';
import { altered } from '../altered.js';
import { quietLogger } from '../quiet-logger.js';
import { scenarioCatalog } from '../simulation/simulation.js';
import type { Progress } from './progress.js';
import type { Ownership } from './site.js';
import type { StageClock } from './stage-clock.js';

export interface CoordinatorParts {
  readonly name: string;
  readonly backend: Backend;
  readonly owns: Ownership;
  readonly clock: StageClock;
  readonly progress: Progress;
}

/** The partition loops of a coordinator, and what they observed. */
export class StageCoordinator {
  readonly name: string;
  /** By run: the events its loop derived. */
  readonly events = new Map<string, RunEvent[]>();
  /** By run: its results, once for each time the loop reported one. */
  readonly results = new Map<string, RunResult[]>();
  private readonly loops = new Map<number, PartitionLoop>();
  /** By partition: the last entry that was applied and whose jobs were published. */
  private readonly levels = new Map<number, Position>();

  /** `journal` and `queue` replace those of the backend. */
  constructor(
    private readonly parts: CoordinatorParts,
    journal: Journal,
    queue: Backend['queue'],
  ) {
    this.name = parts.name;
    const { backend, clock } = parts;
    const { partitions, ...limits } = parts.owns;
    const definitions = new Definitions(backend.blobs, scenarioCatalog(), createExpressionCompiler());
    for (const partition of partitions) {
      const loop = openPartitionLoop({
        ...backend,
        ...limits,
        partition,
        lists: backend.index,
        clock,
        definitions,
        queue,
        journal: altered(journal, {
          follow: (of, from, signal) => this.follow(journal.follow(of, from, signal), partition),
        }),
        segments: new SegmentStore(backend.kv, definitions),
        log: { ...quietLogger, error: (fields, message) => this.fail(message ?? String(fields), fields) },
        onFailure: (error) => this.fail('the loop ended', error),
      });
      this.loops.set(partition, loop);
    }
  }

  async start(runs: readonly RunKey[]): Promise<void> {
    for (const run of runs) this.watch(run);
    for (const loop of this.loops.values()) await loop.takeOver();
  }

  async stop(): Promise<void> {
    for (const loop of this.loops.values()) await loop.stop();
  }

  owns(partition: number): boolean {
    return this.loops.has(partition);
  }

  /** Its partitions that lag behind `ends`. */
  behind(ends: ReadonlyMap<number, Position>): string[] {
    const late = [...ends].filter(
      ([partition, end]) => this.owns(partition) && (this.levels.get(partition) ?? 0) < end,
    );
    return late.map(([partition, end]) => {
      return `${this.name} is at ${this.levels.get(partition) ?? 0} of ${end} of partition ${partition}`;
    });
  }

  liveRuns(): number {
    return [...this.loops.values()].reduce((sum, loop) => sum + loop.liveRuns(), 0);
  }

  private watch({ run_id }: RunKey): void {
    const events: RunEvent[] = [];
    const results: RunResult[] = [];
    this.events.set(run_id, events);
    this.results.set(run_id, results);
    for (const loop of this.loops.values()) {
      loop.watch(run_id, {
        events: (more) => events.push(...more),
        ended: (result) => results.push(result),
        failed: (error) => this.fail(`run '${run_id}' was given up`, error),
      });
    }
  }

  private async *follow(batches: ReturnType<Journal['follow']>, partition: number): ReturnType<Journal['follow']> {
    for await (const batch of batches) {
      yield batch;
      this.levels.set(partition, batch.at(-1)?.position ?? this.levels.get(partition) ?? 0);
      this.parts.progress.changed();
    }
  }

  private fail(what: string, cause: unknown): void {
    this.parts.progress.fail(new Error(`${this.name}: ${what}`, { cause }));
  }
}
