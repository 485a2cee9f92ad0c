/**
 * Purpose: one call of a handler, from its start to what is reported of it.
 * Owns: the time-out of the attempt. Does not own: what is reported (report-guard.ts), the job (work-loop.ts).
 * Invariant: it settles with one result, whatever the handler returns or throws; after the time-out that is a time-out (W6).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isLlmteamError, LlmteamError, type TaskType, type Timer } from '@llmteam/contracts';
import { context } from '@opentelemetry/api';
import { HandlerContext } from './handler-context.js';
import { type AttemptResult, guardedError, guardedPorts, handlersError } from './report-guard.js';
import type { StepExecution } from './step-execution.js';
import { stackOf } from './thrown-stack.js';
import type { WorkerDeps } from './worker-deps.js';

type Deps = Pick<WorkerDeps, 'clock' | 'resources'>;

/** Never rejects. */
export async function runHandler(execution: StepExecution, task: TaskType, deps: Deps): Promise<AttemptResult> {
  const { job, entry } = execution;
  const { redactor } = deps.resources;
  try {
    const startedAt = deps.clock.now();
    const result = invoke(execution, task);
    const ports = await (job.timeout_seconds === null
      ? result
      : withTimeout(execution, result, startedAt + Math.ceil(job.timeout_seconds * 1_000), deps.clock));
    return guardedPorts(ports, job, entry, redactor);
  } catch (thrown) {
    const error = guardedError(thrown, redactor);
    execution.noteFailure(error);
    if (!isLlmteamError(thrown)) {
      const stack = stackOf(thrown);
      execution.log.warn({ error, ...(stack !== null && { stack }) }, 'the handler of a step threw');
    }
    return { error };
  }
}

/** A handler may be plain JavaScript: it may throw at once, or return no promise. */
async function invoke(execution: StepExecution, task: TaskType): Promise<unknown> {
  const { traceContext, config, arrived } = execution;
  const run = () => task.run(new HandlerContext(execution), config, arrived.input);
  try {
    return await (execution.job.traceparent === undefined ? run() : context.with(traceContext, run));
  } catch (thrown) {
    // What is not in this process is told apart where it is known whether the handler or its process failed.
    throw execution.entry.standing.isInProcess ? handlersError(thrown, () => execution.signal) : thrown;
  }
}

/**
 * Rejects with `STEP_TIMEOUT` when the time is up. A handler that keeps running after that is ignored; so is one that settles too late
 * because it kept the process busy, which delays the timer too.
 */
async function withTimeout(
  execution: StepExecution,
  result: Promise<unknown>,
  dueAt: number,
  clock: Deps['clock'],
): Promise<unknown> {
  const { step_id, timeout_seconds } = execution.job;
  const error = new LlmteamError('STEP_TIMEOUT', `step '${step_id}' took longer than ${timeout_seconds} s`);
  let timer: Timer | undefined;
  const timeout = new Promise<LlmteamError>((resolve) => {
    timer = clock.after(Math.max(0, dueAt - clock.now()), () => {
      resolve(error);
      execution.abort(error);
    });
  });
  try {
    const first = await Promise.race([result.catch((thrown: unknown) => new Rejection(thrown)), timeout]);
    if (first === error) throw await lastWord(result, error);
    if (clock.now() > dueAt) throw error;
    if (first instanceof Rejection) throw first.reason;
    return first;
  } finally {
    timer?.cancel();
  }
}

/** A settled rejection, told apart from a value that a handler returned. */
class Rejection {
  constructor(readonly reason: unknown) {}
}

/**
 * A handler that responds to the abort in the same turn of the event loop with a `STEP_TIMEOUT` of its own may say more than the
 * worker knows, for example that another attempt could do harm. Any other response is only a consequence of the abort.
 */
async function lastWord(result: Promise<unknown>, timeout: LlmteamError): Promise<LlmteamError> {
  const response: unknown = await Promise.race([result.catch((thrown: unknown) => thrown), nextTurn()]);
  return isLlmteamError(response) && response.code === timeout.code ? response : timeout;
}
