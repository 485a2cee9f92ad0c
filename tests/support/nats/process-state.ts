/** What the operating system says of a process. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** It is there and does something: a zombie, which nobody has collected yet, does not. */
export function isRunning(pid: number): boolean {
  const states = threadStates(pid);
  return states.length > 0 && !states.every((state) => state === 'Z' || state === 'X');
}

/** All of its threads have stopped; a signal that was sent only begins to stop them. */
export function isStopped(pid: number): boolean {
  const states = threadStates(pid);
  return states.length > 0 && states.every((state) => state === 'T');
}

/** A letter per thread, or one for all of them where there is no /proc; none if the process is gone. */
function threadStates(pid: number): string[] {
  if (!existsSync('/proc/self/task')) return stateByPs(pid);
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).map((id) => /\) (\S)/.exec(readFileSync(join(tasks, id, 'stat'), 'utf8'))?.[1] ?? '');
  } catch {
    // the process, or a thread of it, ended while we looked
    return isThere(pid) ? threadStates(pid) : [];
  }
}

function stateByPs(pid: number): string[] {
  try {
    return [
      execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
        .trim()
        .slice(0, 1),
    ];
  } catch {
    return [];
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
