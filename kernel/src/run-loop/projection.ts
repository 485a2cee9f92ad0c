/**
 * Purpose: brings what the loop has applied into the run index.
 * Owns: one update in flight at a time; what is noted meanwhile, and what was refused, goes with the next. Nothing is written before the
 * loop has caught up, unless too much is held.
 * Invariant: an update is of its position, also one in the middle of a batch: the index ignores positions it knows (law I1), and a feed
 * ignores what is older than what it has.
 */
import type { HumanTask, IndexChange, Logger, Position, RunIndex, RunRow } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import type { LoopState } from './loop-state.js';
import { rowOf } from './run-row.js';

export interface Lists extends Pick<RunIndex, 'apply'> {
  /** It lists no runs, so rows are not made for it. */
  readonly listsOnlyTasks?: true;
}

const maxHeld = 10_000;
/** Beyond it the loop waits for the index. */
const maxPending = 2_000;

export class Projection {
  private rows = new Map<string, RunRow>();
  private tasks = new Map<string, HumanTask>();
  private position: Position = 0;
  private telling: Promise<boolean> | null = null;
  private isHeld = true;

  constructor(
    private readonly lists: Lists,
    private readonly partition: number,
    private readonly loop: Pick<LoopState, 'isFenced'>,
    private readonly log: Logger,
  ) {}

  noteRun(run: Run): void {
    if (this.lists.listsOnlyTasks !== true) this.noteRow(rowOf(run));
  }

  noteRow(row: RunRow): void {
    this.rows.set(row.run_id, row);
  }

  noteTask(task: HumanTask): void {
    this.tasks.set(task.task_id, task);
  }

  /** What is noted from here on comes from this entry or a later one. */
  reached(position: Position): void {
    this.position = position;
  }

  /** Everything up to `position` is noted. */
  tell(position: Position): void {
    this.position = position;
    if (this.pending === 0 || this.loop.isFenced) return;
    if (this.isHeld && this.pending < maxHeld) return;
    this.telling ??= this.tellAll();
  }

  /** More is noted than the index keeps up with. */
  get isBehind(): boolean {
    return !this.isHeld && this.pending > maxPending;
  }

  release(): void {
    this.isHeld = false;
    this.tell(this.position);
  }

  /** Resolves once the index has what was noted up to now; false if it refused. */
  async flush(): Promise<boolean> {
    this.isHeld = false;
    await this.telling;
    this.tell(this.position);
    return (await this.telling) ?? true;
  }

  private get pending(): number {
    return this.rows.size + this.tasks.size;
  }

  private async tellAll(): Promise<boolean> {
    try {
      while (this.pending > 0) if (this.loop.isFenced || !(await this.tellOnce())) return false;
      return true;
    } finally {
      this.telling = null;
    }
  }

  private async tellOnce(): Promise<boolean> {
    const { rows, tasks, partition, position } = this;
    this.rows = new Map();
    this.tasks = new Map();
    const change: IndexChange = { partition, position, runs: [...rows.values()], tasks: [...tasks.values()] };
    try {
      await this.lists.apply([change]);
      return true;
    } catch (err) {
      this.rows = new Map([...rows, ...this.rows]);
      this.tasks = new Map([...tasks, ...this.tasks]);
      const refused = { err, partition, runs: rows.size, tasks: tasks.size };
      if (!this.loop.isFenced) this.log.warn(refused, 'the lists were not updated; they are told again');
      return false;
    }
  }
}
