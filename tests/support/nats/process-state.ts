/** The state of a process according to the operating system. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether the process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  const states = threadStates(pid);
  return states.length > 0 && !states.every((state) => state === 'Z' || state === 'X');
}

/** Whether all threads have stopped; SIGSTOP takes effect asynchronously. */
export function isStopped(pid: number): boolean {
  const states = threadStates(pid);
  return states.length > 0 && states.every((state) => state === 'T');
}

/** One state letter per thread, or a single one where there is no /proc; empty if the process is gone. */
function threadStates(pid: number): string[] {
  if (!existsSync('/proc/self/task')) return stateByPs(pid);
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).map((id) => /\) (\S)/.exec(readFileSync(join(tasks, id, 'stat'), 'utf8'))?.[1] ?? '');
  } catch {
    // The process or one of its threads ended in the meantime.
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
