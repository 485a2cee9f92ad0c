import type { Fact, Job, Json } from '@llmteam/contracts';
import { actOf, fillIn, type Script, scriptedError } from './script.js';

/** A fact that a worker appends while it works. */
export interface WorkerFact {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly message_id: string;
  readonly fact: Fact;
}

/** Histories name this worker, whichever one takes a job. */
const worker = 'worker-1';

/** What a worker does that got the job at `now`. Reports of one attempt have distinct message ids, as if from two workers. */
export function scriptedWork(script: Script, job: Job, now: number): WorkerFact[] {
  const act = actOf(script, job);
  const { step, attempt } = job;
  const startedAt = now + (act.starts_after_ms ?? 0);
  const facts: WorkerFact[] = [];
  if (job.journal_start && act.starts_after_ms !== undefined) {
    const fact: Fact = { type: 'step.started', at: startedAt, step, attempt, worker };
    facts.push({ at: startedAt, message_id: `start:${job.job_id}`, fact });
  }
  if (act.memo !== undefined) {
    const { after_ms = 1, ...memo } = act.memo;
    const fact: Fact = { type: 'step.memoized', at: now + after_ms, step, attempt, ...memo };
    facts.push({ at: fact.at, message_id: `memo:${job.job_id}`, fact });
  }
  return act.silent ? facts : [...facts, ...reports(script, job, startedAt)];
}

function reports(script: Script, job: Job, startedAt: number): WorkerFact[] {
  const act = actOf(script, job);
  const { step, attempt } = job;
  const at = startedAt + (act.takes_ms ?? 10);
  const result = act.fails === undefined ? { ports: fired(script, job) } : { error: scriptedError(act, act.fails) };
  const more = {
    ...(act.usage !== undefined && { usage: act.usage }),
    ...(act.activities !== undefined && { activities: act.activities.map((activity) => ({ at, ...activity })) }),
  };
  const fact = { type: 'step.reported', at, step, attempt, started_at: startedAt, worker, ...result, ...more } as Fact;
  return Array.from({ length: act.reports ?? 1 }, (_, count) => {
    return { at: at + count * 5, message_id: `report:${job.job_id}:${count + 1}`, fact };
  });
}

function fired(script: Script, job: Job): Record<string, Json> {
  const act = actOf(script, job);
  if (act.ports !== undefined) return fillIn(act.ports, job);
  return { output: Object.hasOwn(job.config, 'result') ? (job.config.result ?? null) : job.input };
}
