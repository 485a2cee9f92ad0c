/**
 * Purpose: telling the lists what the loop has applied.
 * Owns: that one change at a time is under way; what comes meanwhile goes together with the next, and so does what was refused.
 * Nothing is told before the loop has caught up, unless it becomes too much to hold.
 * Invariant: a change tells how things stand at its position, also one that is told in the middle of a batch: lists pass over what is
 * told of a position they know (law I1), and a feed what is older than what it has.
 */
import type { HumanTask, IndexChange, Logger, Position, RunIndex, RunRow } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import { row_of } from './run-row.js';

export interface Lists extends Pick<RunIndex, 'apply'> {
  /** It lists no runs: their rows are not made for it. */
  readonly lists_only_tasks?: true;
}

const most_held = 10_000;
/** Beyond it whoever notes more had better wait. */
const most_untold = 2_000;

export class Projection {
  private rows = new Map<string, RunRow>();
  private tasks = new Map<string, HumanTask>();
  private position: Position = 0;
  private telling: Promise<boolean> | null = null;
  private is_held = true;
  private is_stopped = false;

  constructor(
    private readonly lists: Lists,
    private readonly partition: number,
    private readonly log: Logger,
  ) {}

  note_run(run: Run): void {
    if (this.lists.lists_only_tasks !== true) this.note_row(row_of(run));
  }

  note_row(row: RunRow): void {
    this.rows.set(row.run_id, row);
  }

  note_task(task: HumanTask): void {
    this.tasks.set(task.task_id, task);
  }

  /** What is noted from here on comes of this entry, or of a later one. */
  reached(position: Position): void {
    this.position = position;
  }

  /** Everything up to `position` is noted. */
  tell(position: Position): void {
    this.position = position;
    if (this.rows.size + this.tasks.size === 0 || this.is_stopped) return;
    if (this.is_held && this.rows.size + this.tasks.size < most_held) return;
    this.telling ??= this.tell_all();
  }

  /** More is noted than the lists take. */
  get is_behind(): boolean {
    return !this.is_held && this.rows.size + this.tasks.size > most_untold;
  }

  release(): void {
    this.is_held = false;
    this.tell(this.position);
  }

  /** Resolves once the lists know what was noted up to now; false: they refused it. */
  async flush(): Promise<boolean> {
    this.is_held = false;
    await this.telling;
    this.tell(this.position);
    return (await this.telling) ?? true;
  }

  stop(): void {
    this.is_stopped = true;
  }

  private async tell_all(): Promise<boolean> {
    try {
      while (this.rows.size + this.tasks.size > 0) if (this.is_stopped || !(await this.tell_once())) return false;
      return true;
    } finally {
      this.telling = null;
    }
  }

  private async tell_once(): Promise<boolean> {
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
      if (!this.is_stopped) this.log.warn(refused, 'the lists were not updated; they are told again');
      return false;
    }
  }
}
