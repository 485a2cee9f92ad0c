import type { Fact, Job, Json } from '@llmteam/contracts';
import { act_of, fill_in, type Script, scripted_error } from './script.js';

/** Something a worker appends in the course of its work. */
export interface WorkerFact {
  /** When; epoch milliseconds. */
  readonly at: number;
  readonly message_id: string;
  readonly fact: Fact;
}

/** Whatever worker takes a job, its history names this one. */
const worker = 'worker-1';

/** What a worker that got the job at `now` does. Reports of one attempt are told apart, as those of two workers would be. */
export function scripted_work(script: Script, job: Job, now: number): WorkerFact[] {
  const act = act_of(script, job);
  const { step, attempt } = job;
  const started_at = now + (act.starts_after_ms ?? 0);
  const facts: WorkerFact[] = [];
  if (job.journal_start && act.starts_after_ms !== undefined) {
    const fact: Fact = { type: 'step.started', at: started_at, step, attempt, worker };
    facts.push({ at: started_at, message_id: `start:${job.job_id}`, fact });
  }
  if (act.memo !== undefined) {
    const { after_ms = 1, ...memo } = act.memo;
    const fact: Fact = { type: 'step.memoized', at: now + after_ms, step, attempt, ...memo };
    facts.push({ at: fact.at, message_id: `memo:${job.job_id}`, fact });
  }
  return act.silent ? facts : [...facts, ...reports(script, job, started_at)];
}

function reports(script: Script, job: Job, started_at: number): WorkerFact[] {
  const act = act_of(script, job);
  const { step, attempt } = job;
  const at = started_at + (act.takes_ms ?? 10);
  const result = act.fails === undefined ? { ports: fired(script, job) } : { error: scripted_error(act, act.fails) };
  const more = {
    ...(act.usage !== undefined && { usage: act.usage }),
    ...(act.activities !== undefined && { activities: act.activities.map((activity) => ({ at, ...activity })) }),
  };
  const fact = { type: 'step.reported', at, step, attempt, started_at, worker, ...result, ...more } as Fact;
  return Array.from({ length: act.reports ?? 1 }, (_, count) => {
    return { at: at + count * 5, message_id: `report:${job.job_id}:${count + 1}`, fact };
  });
}

function fired(script: Script, job: Job): Record<string, Json> {
  const act = act_of(script, job);
  if (act.ports !== undefined) return fill_in(act.ports, job);
  return { output: Object.hasOwn(job.config, 'result') ? (job.config.result ?? null) : job.input };
}
