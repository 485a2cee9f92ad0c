/**
 * Purpose: telling the lists what the loop has applied.
 * Owns: that one change at a time is under way; what comes meanwhile goes together with the next, and so does what was refused.
 * Nothing is told before the loop has caught up, unless it becomes too much to hold.
 * Invariant: a change tells how things stand at its position, also one that is told in the middle of a batch: lists pass over what is
 * told of a position they know (law I1), and a feed what is older than what it has.
 */
import type { HumanTask, IndexChange, Logger, Position, RunIndex, RunRow } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import { rowOf } from './run-row.js';

export interface Lists extends Pick<RunIndex, 'apply'> {
  /** It lists no runs: their rows are not made for it. */
  readonly listsOnlyTasks?: true;
}

const mostHeld = 10_000;
/** Beyond it whoever notes more had better wait. */
const mostUntold = 2_000;

export class Projection {
  private rows = new Map<string, RunRow>();
  private tasks = new Map<string, HumanTask>();
  private position: Position = 0;
  private telling: Promise<boolean> | null = null;
  private isHeld = true;
  private isStopped = false;

  constructor(
    private readonly lists: Lists,
    private readonly partition: number,
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

  /** What is noted from here on comes of this entry, or of a later one. */
  reached(position: Position): void {
    this.position = position;
  }

  /** Everything up to `position` is noted. */
  tell(position: Position): void {
    this.position = position;
    if (this.rows.size + this.tasks.size === 0 || this.isStopped) return;
    if (this.isHeld && this.rows.size + this.tasks.size < mostHeld) return;
    this.telling ??= this.tellAll();
  }

  /** More is noted than the lists take. */
  get isBehind(): boolean {
    return !this.isHeld && this.rows.size + this.tasks.size > mostUntold;
  }

  release(): void {
    this.isHeld = false;
    this.tell(this.position);
  }

  /** Resolves once the lists know what was noted up to now; false: they refused it. */
  async flush(): Promise<boolean> {
    this.isHeld = false;
    await this.telling;
    this.tell(this.position);
    return (await this.telling) ?? true;
  }

  stop(): void {
    this.isStopped = true;
  }

  private async tellAll(): Promise<boolean> {
    try {
      while (this.rows.size + this.tasks.size > 0) if (this.isStopped || !(await this.tellOnce())) return false;
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
      if (!this.isStopped) this.log.warn(refused, 'the lists were not updated; they are told again');
      return false;
    }
  }
}
