import type { RunExplanation, RunReason, RunView } from '@llmteam/contracts';

/** A reason before it is told in words. */
export type Cause = RunReason extends infer R ? (R extends RunReason ? Omit<R, 'text' | 'remedy'> : never) : never;

export function told(cause: Cause): RunReason {
  const subject = cause.step === null ? 'the run' : `step '${cause.step}'`;
  const { predicate, remedy } = words(cause);
  return { ...cause, text: `${subject} ${predicate}`, remedy } as RunReason;
}

interface Words {
  readonly predicate: string;
  readonly remedy: string;
}

function words(cause: Cause): Words {
  switch (cause.reason) {
    case 'not_driven':
      return {
        predicate: 'is driven by no process',
        remedy: 'start a coordinator; in a folder, `llmteam runs resume` the run or start `llmteam dev`',
      };
    case 'paused':
      return {
        predicate: `was paused${cause.by === null ? '' : ` by '${cause.by}'`}${cause.because === null ? '' : `: ${cause.because}`}`,
        remedy: 'resume it',
      };
    case 'no_worker':
      return {
        predicate: `waits for a worker that runs '${cause.queue}', and there is none`,
        remedy: 'start a worker that has the plugin of this type and serves it (`worker.types`)',
      };
    case 'worker':
      return {
        predicate: `waits for a free worker for '${cause.queue}': ${counted(cause.workers, 'worker')} with ${counted(cause.slots, 'slot')}`,
        remedy: 'more workers, or more slots per worker (`worker.concurrency_by_type`), if that takes long',
      };
    case 'slot':
      return {
        predicate: 'waits until a job of the run that is in flight ends',
        remedy: 'a higher `params.max_parallel` in the segment',
      };
    case 'running':
      return {
        predicate: `runs on worker '${cause.worker}' (attempt ${cause.attempt})`,
        remedy: 'it ends by itself, at the latest at the `timeout_seconds` of the step, if it has one',
      };
    case 'worker_lost':
      return {
        predicate: `ran on worker '${cause.worker}', which is gone (attempt ${cause.attempt})`,
        remedy: 'another worker takes its job when the lease of the job ends',
      };
    case 'retry':
      return {
        predicate: `failed and is tried again at ${cause.due_at} (attempt ${cause.next_attempt})${cause.last_error === null ? '' : `: ${cause.last_error.error_code}: ${cause.last_error.error_message}`}`,
        remedy: 'the next attempt, if what failed works by then',
      };
    case 'timer':
      return { predicate: `waits for its timer '${cause.name}' at ${cause.due_at}`, remedy: 'it goes on then' };
    case 'signal':
      return {
        predicate: `waits for the signal '${cause.name}'${cause.correlation === null ? '' : ` with correlation '${cause.correlation}'`}`,
        remedy: 'send the signal (`llmteam runs signal`)',
      };
    case 'task':
      return {
        predicate: `waits for ${cause.assignee === null ? 'somebody' : `'${cause.assignee}'`} to answer task '${cause.task_id}'`,
        remedy: 'answer the task (`llmteam tasks answer`)',
      };
    case 'child_run':
      return { predicate: `waits for its run '${cause.run_id}'`, remedy: 'explain that run' };
  }
}

/** One sentence: the decisive reason, and how many there are besides. */
export function summaryOf(
  { status, completed_at, error }: RunView,
  reasons: readonly RunReason[],
  count: number,
): RunExplanation['summary'] {
  if (completed_at !== null) {
    const why = error === null ? '' : `: ${error.error_code}: ${error.error_message}`;
    return `the run ended at ${completed_at} with status '${status}'${why}`;
  }
  const [first] = reasons;
  if (first === undefined) return 'the run is between two steps: its coordinator has what it needs to go on';
  const since = first.since === null ? '' : ` (since ${first.since})`;
  const more = count === 1 ? '' : `; ${counted(count - 1, 'more reason')}`;
  return `${first.text}${since}${more}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
