/** What things are called on the server. Ids become one subject token each, whatever characters they hold. */
import { createHash } from 'node:crypto';
import { type Fact, type Job, queue_name, type RunKey, run_level_facts } from '@llmteam/contracts';

const longest_token = 200;

export class Names {
  readonly jobs_stream: string;
  readonly registry_bucket: string;
  readonly blobs_bucket: string;

  constructor(readonly namespace: string) {
    const upper = namespace.toUpperCase();
    this.jobs_stream = `${upper}_JOBS`;
    this.registry_bucket = `${upper}_REGISTRY`;
    this.blobs_bucket = `${upper}_BLOBS`;
  }

  /** The stream behind a bucket of values. */
  get registry_stream(): string {
    return `KV_${this.registry_bucket}`;
  }

  /** The stream behind a bucket of objects. */
  get blobs_stream(): string {
    return `OBJ_${this.blobs_bucket}`;
  }

  journal_stream(partition: number): string {
    return `${this.namespace.toUpperCase()}_JOURNAL_${partition}`;
  }

  partition_subjects(partition: number): string {
    return `${this.namespace}.journal.${partition}.>`;
  }

  run_level_subjects(partition: number): string {
    return `${this.namespace}.journal.${partition}.*.*.r`;
  }

  /** Where a run's facts go: `r` for run-level facts, `s` for those of steps. So a list of runs reads no step results. */
  fact_subject(partition: number, run: RunKey, type: Fact['type']): string {
    return `${this.history(partition, run)}.${run_level_facts.has(type) ? 'r' : 's'}`;
  }

  /** The subjects of a run's whole history. */
  history_subjects(partition: number, run: RunKey): string {
    return `${this.history(partition, run)}.*`;
  }

  private history(partition: number, { tenant_id, run_id }: RunKey): string {
    return `${this.namespace}.journal.${partition}.${token(tenant_id)}.${token(run_id)}`;
  }

  /** The run a fact's subject names. */
  run_of(subject: string): RunKey {
    const run_end = subject.lastIndexOf('.');
    const tenant_end = subject.lastIndexOf('.', run_end - 1);
    const tenant_begin = subject.lastIndexOf('.', tenant_end - 1) + 1;
    return {
      tenant_id: text_of(subject.slice(tenant_begin, tenant_end)),
      run_id: text_of(subject.slice(tenant_end + 1, run_end)),
    };
  }

  get all_jobs(): string {
    return `${this.namespace}.job.>`;
  }

  job_subject(job: Job): string {
    const queue = token(queue_name(job.step_type, job.type_version));
    return `${this.namespace}.job.${queue}.${token(job.tenant_id)}.${token(job.run_id)}.${short_token(job.job_id)}`;
  }

  queue_subjects(queue: string): string {
    return `${this.namespace}.job.${token(queue)}.>`;
  }

  /** Subjects of one job, whatever its queue and tenant. */
  job_subjects(job_id: string): string {
    return `${this.namespace}.job.*.*.*.${short_token(job_id)}`;
  }

  /** One durable consumer per queue, shared by all workers. */
  queue_consumer(queue: string): string {
    return `queue_${queue.replace('@', '_v')}`;
  }

  signal_subject(subject: string): string {
    return `${this.namespace}.signal.${token(subject)}`;
  }
}

const plain_token = /^[\w/#@:[\]-]+$/;

/** Text as one subject token: no dot, no wildcard, no space. */
function token(text: string): string {
  if (plain_token.test(text)) return text;
  return encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

function text_of(encoded: string): string {
  return encoded.includes('%') ? decodeURIComponent(encoded) : encoded;
}

/** Subjects have a longest length; the job itself says who it is. */
function short_token(text: string): string {
  const whole = token(text);
  if (whole.length <= longest_token) return whole;
  return createHash('sha256').update(text).digest('hex');
}

/** A message id as the server's de-duplication wants it: printable, not long, unique in the partition. */
export function dedupe_id(run: RunKey, message_id: string): string {
  const id = `${run.tenant_id}/${run.run_id}/${message_id}`;
  if (id.length <= longest_token && /^[\x21-\x7e]+$/.test(id)) return id;
  return `sha256:${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`;
}
