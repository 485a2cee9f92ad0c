/**
 * A job as a message holds it: without what the rest of it says anyway. Every byte of a job goes to the server, through its store and to a
 * worker; what is left out is almost half of a small job.
 */
import { type Job, splitStepKey } from '@llmteam/contracts';

/** What a message may leave out. */
type Derived = 'job_id' | 'idempotency_key' | 'step_id' | 'scope' | 'timeout_seconds' | 'deadline_at' | 'journal_start';
type Told = Omit<Job, Derived> & { -readonly [Name in keyof Job]?: Job[Name] };

export function jobText(job: Job): string {
  const { run_id, tenant_id, instance_id, segment_id, step, step_type, type_version, attempt } = job;
  const { config, input, trace_id, ports, extra_ports, variables, memos } = job;
  const told: Told = {
    run_id,
    tenant_id,
    instance_id,
    segment_id,
    step,
    step_type,
    type_version,
    attempt,
    config,
    input,
    trace_id,
  };
  if (ports !== undefined) told.ports = ports;
  if (extra_ports !== undefined) told.extra_ports = extra_ports;
  if (variables !== undefined) told.variables = variables;
  if (memos !== undefined) told.memos = memos;
  if (job.timeout_seconds !== null) told.timeout_seconds = job.timeout_seconds;
  if (job.deadline_at !== null) told.deadline_at = job.deadline_at;
  if (job.journal_start) told.journal_start = true;
  if (job.step_id !== step || job.scope !== '') nameStep(told, job);
  if (job.idempotency_key !== `${run_id}/${step}`) told.idempotency_key = job.idempotency_key;
  if (job.job_id !== `${run_id}/${step}#${attempt}`) told.job_id = job.job_id;
  return JSON.stringify(told);
}

function nameStep(told: Told, { step, step_id, scope }: Job): void {
  const parts = splitStepKey(step);
  if (parts.step_id === step_id && parts.scope === scope) return;
  told.step_id = step_id;
  told.scope = scope;
}

/** null: not a job, whoever published it. */
export function parseJob(text: string): Job | null {
  const told = parse(text);
  if (typeof told?.run_id !== 'string' || typeof told.step !== 'string') return null;
  const { run_id, step, attempt, ports, extra_ports, variables, memos } = told;
  const named = splitStepKey(step);
  return {
    job_id: told.job_id ?? `${run_id}/${step}#${attempt}`,
    run_id,
    tenant_id: told.tenant_id,
    instance_id: told.instance_id,
    segment_id: told.segment_id,
    step,
    step_id: told.step_id ?? named.step_id,
    scope: told.scope ?? named.scope,
    step_type: told.step_type,
    type_version: told.type_version,
    attempt,
    idempotency_key: told.idempotency_key ?? `${run_id}/${step}`,
    config: told.config,
    input: told.input,
    ...(ports !== undefined && { ports }),
    ...(extra_ports !== undefined && { extra_ports }),
    ...(variables !== undefined && { variables }),
    ...(memos !== undefined && { memos }),
    timeout_seconds: told.timeout_seconds ?? null,
    deadline_at: told.deadline_at ?? null,
    journal_start: told.journal_start ?? false,
    trace_id: told.trace_id,
  };
}

function parse(text: string): Told | null {
  try {
    return JSON.parse(text) as Told | null;
  } catch {
    return null;
  }
}
