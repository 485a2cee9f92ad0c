/**
 * The text of a job message, without members that can be derived from others. Every byte goes to the server, through its store
 * and to a worker, and the omitted members are almost half of a small job.
 */
import { type Job, splitStepKey } from '@llmteam/contracts';

/** Members that a message may omit. */
type Derived = 'job_id' | 'idempotency_key' | 'step_id' | 'scope' | 'timeout_seconds' | 'deadline_at' | 'journal_start';
type StoredJob = Omit<Job, Derived> & { -readonly [Name in keyof Job]?: Job[Name] };

export function jobText(job: Job): string {
  const { run_id, tenant_id, instance_id, segment_id, step, step_type, type_version, attempt } = job;
  const { config, input, trace_id, ports, extra_ports, variables, memos } = job;
  const stored: StoredJob = {
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
  if (ports !== undefined) stored.ports = ports;
  if (extra_ports !== undefined) stored.extra_ports = extra_ports;
  if (variables !== undefined) stored.variables = variables;
  if (memos !== undefined) stored.memos = memos;
  if (job.timeout_seconds !== null) stored.timeout_seconds = job.timeout_seconds;
  if (job.deadline_at !== null) stored.deadline_at = job.deadline_at;
  if (job.journal_start) stored.journal_start = true;
  if (job.step_id !== step || job.scope !== '') nameStep(stored, job);
  if (job.idempotency_key !== `${run_id}/${step}`) stored.idempotency_key = job.idempotency_key;
  if (job.job_id !== `${run_id}/${step}#${attempt}`) stored.job_id = job.job_id;
  return JSON.stringify(stored);
}

function nameStep(stored: StoredJob, { step, step_id, scope }: Job): void {
  const parts = splitStepKey(step);
  if (parts.step_id === step_id && parts.scope === scope) return;
  stored.step_id = step_id;
  stored.scope = scope;
}

/** Null if it is not a job. */
export function parseJob(text: string): Job | null {
  const stored = parse(text);
  if (typeof stored?.run_id !== 'string' || typeof stored.step !== 'string') return null;
  const { run_id, step, attempt, ports, extra_ports, variables, memos } = stored;
  const named = splitStepKey(step);
  return {
    job_id: stored.job_id ?? `${run_id}/${step}#${attempt}`,
    run_id,
    tenant_id: stored.tenant_id,
    instance_id: stored.instance_id,
    segment_id: stored.segment_id,
    step,
    step_id: stored.step_id ?? named.step_id,
    scope: stored.scope ?? named.scope,
    step_type: stored.step_type,
    type_version: stored.type_version,
    attempt,
    idempotency_key: stored.idempotency_key ?? `${run_id}/${step}`,
    config: stored.config,
    input: stored.input,
    ...(ports !== undefined && { ports }),
    ...(extra_ports !== undefined && { extra_ports }),
    ...(variables !== undefined && { variables }),
    ...(memos !== undefined && { memos }),
    timeout_seconds: stored.timeout_seconds ?? null,
    deadline_at: stored.deadline_at ?? null,
    journal_start: stored.journal_start ?? false,
    trace_id: stored.trace_id,
  };
}

function parse(text: string): StoredJob | null {
  try {
    return JSON.parse(text) as StoredJob | null;
  } catch {
    return null;
  }
}
