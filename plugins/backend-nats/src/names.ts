/** Names of streams, buckets, consumers and subjects. Each id becomes one subject token, whatever characters it contains. */
import { createHash } from 'node:crypto';
import { type Fact, type Job, queueName, type RunKey, runLevelFacts } from '@llmteam/contracts';

const longestToken = 200;

export class Names {
  readonly jobsStream: string;
  readonly kvBucket: string;
  readonly blobsBucket: string;

  constructor(readonly namespace: string) {
    const upper = namespace.toUpperCase();
    this.jobsStream = `${upper}_JOBS`;
    this.kvBucket = `${upper}_REGISTRY`;
    this.blobsBucket = `${upper}_BLOBS`;
  }

  /** The stream behind the key-value bucket. */
  get kvStream(): string {
    return `KV_${this.kvBucket}`;
  }

  /** The stream behind the object store bucket. */
  get blobsStream(): string {
    return `OBJ_${this.blobsBucket}`;
  }

  journalStream(partition: number): string {
    return `${this.namespace.toUpperCase()}_JOURNAL_${partition}`;
  }

  partitionSubjects(partition: number): string {
    return `${this.namespace}.journal.${partition}.>`;
  }

  runLevelSubjects(partition: number): string {
    return `${this.namespace}.journal.${partition}.*.*.r`;
  }

  /** The subject of a run's facts: `r` for run-level facts, `s` for step-level ones, so listing runs reads no step results. */
  factSubject(partition: number, run: RunKey, type: Fact['type']): string {
    return `${this.history(partition, run)}.${runLevelFacts.has(type) ? 'r' : 's'}`;
  }

  /** The subjects of a run's whole history. */
  historySubjects(partition: number, run: RunKey): string {
    return `${this.history(partition, run)}.*`;
  }

  private history(partition: number, { tenant_id, run_id }: RunKey): string {
    return `${this.namespace}.journal.${partition}.${token(tenant_id)}.${token(run_id)}`;
  }

  /** The run named by a fact's subject; null if that is no subject of a fact. */
  runOf(subject: string): RunKey | null {
    const runEnd = subject.lastIndexOf('.');
    const tenantEnd = subject.lastIndexOf('.', runEnd - 1);
    const tenantBegin = subject.lastIndexOf('.', tenantEnd - 1) + 1;
    const tenantId = textOf(subject.slice(tenantBegin, tenantEnd));
    const runId = textOf(subject.slice(tenantEnd + 1, runEnd));
    const last = subject.slice(runEnd);
    const isWhole = subject.indexOf('.', `${this.namespace}.journal.`.length) + 1 === tenantBegin;
    if (!isWhole || tenantId === null || runId === null || (last !== '.r' && last !== '.s')) return null;
    return { tenant_id: tenantId, run_id: runId };
  }

  get allJobs(): string {
    return `${this.namespace}.job.>`;
  }

  jobSubject(job: Job): string {
    const queue = token(queueName(job.step_type, job.type_version));
    return `${this.namespace}.job.${queue}.${token(job.tenant_id)}.${token(job.run_id)}.${shortToken(job.job_id)}`;
  }

  queueSubjects(queue: string): string {
    return `${this.namespace}.job.${token(queue)}.>`;
  }

  /** Matches one job, whatever its queue and tenant. */
  jobSubjects(jobId: string): string {
    return `${this.namespace}.job.*.*.*.${shortToken(jobId)}`;
  }

  /** One durable consumer per queue, shared by all workers. */
  queueConsumer(queue: string): string {
    return `queue_${queue.replace('@', '_v')}`;
  }

  signalSubject(subject: string): string {
    return `${this.namespace}.signal.${token(subject)}`;
  }
}

const plainToken = /^[\w/#@:[\]-]+$/;

/** Encodes text as one subject token, without dots, wildcards or spaces. */
function token(text: string): string {
  if (plainToken.test(text)) return text;
  return encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

/** Null if `token` does not make it of any text. */
function textOf(encoded: string): string | null {
  if (!encoded.includes('%')) return encoded;
  try {
    const text = decodeURIComponent(encoded);
    return token(text) === encoded ? text : null;
  } catch {
    return null;
  }
}

/** Subject length is limited, so long tokens are hashed; the message itself contains the full id. */
function shortToken(text: string): string {
  const whole = token(text);
  if (whole.length <= longestToken) return whole;
  return createHash('sha256').update(text).digest('hex');
}

/** A message id for the server's deduplication: printable, short and unique in the partition. */
export function dedupeId(run: RunKey, messageId: string): string {
  const id = `${run.tenant_id}/${run.run_id}/${messageId}`;
  if (id.length <= longestToken && /^[\x21-\x7e]+$/.test(id)) return id;
  return `sha256:${createHash('sha256').update(JSON.stringify(id)).digest('hex')}`;
}
