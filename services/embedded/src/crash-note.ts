/**
 * Purpose: what the owner of a store leaves behind if it dies: `running.json` beside the journal, which names the attempts that ran.
 * Owns: its format. A file that is there when the store is opened tells that its last owner did not close it.
 */
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningAttempt } from '@llmteam/kernel';

export interface NotedAttempt {
  readonly job_id: string;
  readonly run_id: string;
  readonly tenant_id: string;
  readonly step: string;
  readonly step_type: string;
  readonly plugin: string;
}

export interface CrashNote {
  /** Of the owner: a note counts once. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly running: readonly NotedAttempt[];
  /** The attempt that ended the process; null if that is not known. */
  readonly culprit: NotedAttempt | null;
}

/** More would be more than a worker runs at once. */
const maxNoted = 1_000;

function noteFile(folder: string): string {
  return join(folder, 'running.json');
}

export function noted({ job, plugin }: RunningAttempt): NotedAttempt {
  const { job_id, run_id, tenant_id, step, step_type } = job;
  return { job_id, run_id, tenant_id, step, step_type, plugin };
}

/** `none`: the last owner closed the store. `unreadable`: it did not, and what it noted is lost. */
export function readNote(folder: string): CrashNote | 'none' | 'unreadable' {
  try {
    const [line = ''] = readFileSync(noteFile(folder), 'utf8').split('\n', 1);
    const note: unknown = JSON.parse(line);
    return isNote(note) ? note : 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable';
  }
}

function isNote(value: unknown): value is CrashNote {
  const { id, running, culprit } = (value ?? {}) as Partial<CrashNote>;
  if (typeof id !== 'string' || !Array.isArray(running)) return false;
  return [...running, ...(culprit ? [culprit] : [])].every(({ job_id }) => typeof job_id === 'string');
}

/** Overwrites the note in place: synchronous, without a sync to disk, since it need not survive more than its process. */
export class NoteWriter {
  private file: number | null = null;

  constructor(
    private readonly folder: string,
    private readonly id: string,
  ) {}

  /** @throws an error of the file system */
  write(at: number, running: readonly NotedAttempt[], culprit: NotedAttempt | null): void {
    const note: CrashNote = { id: this.id, at, running: running.slice(0, maxNoted), culprit };
    this.file ??= openSync(noteFile(this.folder), 'w', 0o600);
    // What is left of a longer note before comes after the line feed.
    writeSync(this.file, `${JSON.stringify(note)}\n`, 0);
  }

  /** The store is closed: nothing is left behind. */
  remove(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
    rmSync(noteFile(this.folder), { force: true });
  }
}
