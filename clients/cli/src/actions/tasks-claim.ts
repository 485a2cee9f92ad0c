import { type ExitCode, exitCodes } from '../exit-codes.js';
import { localActor } from '../local-actor.js';
import { printNote } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import type { Settings } from '../settings.js';
import { runOfTask } from '../task-ids.js';

interface ClaimOptions {
  readonly tenant: string;
  readonly by?: string;
}

export async function tasksClaim(
  settings: Settings,
  [taskId = '']: readonly string[],
  { tenant, by }: ClaimOptions,
): Promise<ExitCode> {
  const task = await withStoreOf(settings, runOfTask(tenant, taskId), async ({ runs }) => {
    await runs.claim(tenant, taskId, by === undefined ? {} : { claimed_by: by }, localActor());
    return runs.task(tenant, taskId);
  });
  printNote(settings, `Task claimed by ${task.claimed_by}.`);
  return exitCodes.completed;
}

export async function tasksUnclaim(
  settings: Settings,
  [taskId = '']: readonly string[],
  { tenant }: ClaimOptions,
): Promise<ExitCode> {
  await withStoreOf(settings, runOfTask(tenant, taskId), ({ runs }) => runs.unclaim(tenant, taskId, localActor()));
  printNote(settings, 'The task is open again.');
  return exitCodes.completed;
}
