/**
 * Purpose: a worker: consumes jobs for the step types in its catalog, runs their handlers and appends the reports.
 * Owns: heartbeats, cancellation, storing the report before acking the job. Does not own: the call of a handler and its time-out
 * (handler-run.ts); retries: a failed attempt is a report like any other.
 * Invariants:
 *   W1 A job is acked only after its report is stored.
 *   W2 An attempt reports at most once, and never after its job was released.
 *   W3 What a handler does after its attempt is over has no effect.
 *   W4 Only deliveries that no worker survived make a job poison; released deliveries do not count.
 *   W5 Nothing a handler returns, throws or records is journaled with a configured secret in it.
 *   W6 Whatever a handler returns or throws is one report; after the time-out of its attempt it is a time-out.
 */
import {
  type Consumer,
  cancelSubject,
  type Delivery,
  type ErrorInfo,
  errorInfo,
  isLlmteamError,
  type Job,
  type JsonObject,
  LlmteamError,
  queueName,
  type StepReported,
  type Timer,
} from '@llmteam/contracts';
import type { ArrivedValues } from '../catalog/port-check.js';
import type { CatalogEntry, StepCatalog } from '../catalog/step-catalog.js';
import type { Retry } from '../retry/retry.js';
import { DeadLetters } from './dead-letters.js';
import { runHandler } from './handler-run.js';
import { LateStarts } from './late-starts.js';
import { ReleasedJobs } from './released-jobs.js';
import type { AttemptResult } from './report-guard.js';
import { RunTimes } from './run-times.js';
import type { RunningAttempts } from './running-attempts.js';
import { StepExecution } from './step-execution.js';
import type { JobEnd, WorkObserver } from './work-observer.js';
import type { WorkerDeps } from './worker-deps.js';

export interface WorkLoopOptions {
  readonly workerId: string;
  readonly catalog: StepCatalog;
  /** Concurrent attempts per step type, unless the type sets its own limit. Default 16. */
  readonly concurrency?: number;
  /** Concurrent attempts by step type id; overrides the type's own limit. */
  readonly concurrencyByType?: Readonly<Record<string, number>>;
  /** Lost deliveries after which a job is poison. Default 5. */
  readonly maxDeliveries?: number;
  /** Retries appends that the store temporarily refuses. */
  readonly retry: Retry;
  readonly observer?: WorkObserver;
  /** Told of the attempts whose handlers run in this process. */
  readonly running?: RunningAttempts;
}

export interface WorkLoad {
  /** Attempts that run, by queue. */
  readonly running: Readonly<Record<string, number>>;
  /** How long attempts of late took, by queue. */
  readonly mean_seconds: Readonly<Record<string, number>>;
}

/** A job held by this worker. */
interface Attempt {
  readonly delivery: Delivery;
  readonly beganAt: number;
  /** null while its handler is not running. */
  execution: StepExecution | null;
  isReleased: boolean;
}

const defaultConcurrency = 16;
const redeliveryMs = 1_000;
const renewalsPerLease = 3;
/** A key-value store that does not respond must not delay the release of a job any longer. */
const countTimeoutMs = 2_000;

export class WorkLoop {
  private readonly attempts = new Map<string, Attempt>();
  private heartbeat: Timer | null = null;
  private readonly deadLetters: DeadLetters;
  private readonly releases: ReleasedJobs;
  private readonly starts: LateStarts;
  private readonly runTimes = new RunTimes();
  private consumers: Consumer[] = [];
  private unsubscribe: (() => void) | null = null;

  constructor(
    private readonly deps: WorkerDeps,
    private readonly options: WorkLoopOptions,
  ) {
    this.deadLetters = new DeadLetters(deps.kv, deps.clock);
    this.releases = new ReleasedJobs(deps.kv);
    // The report tells it too.
    this.starts = new LateStarts(deps.clock, (job, at) => void this.appendStart(job, at).catch(ignore));
  }

  async start(): Promise<void> {
    this.unsubscribe = this.deps.pubSub.subscribe(cancelSubject, (message) => {
      for (const id of (message as { job_ids: readonly string[] }).job_ids) {
        this.attempts.get(id)?.execution?.abort(new LlmteamError('CANCELLED', 'the step is no longer wanted'));
      }
    });
    for (const [queue, concurrency] of this.concurrency()) {
      const consumer = await this.deps.queue.consume(queue, { concurrency }, (delivery) => this.workOn(delivery));
      this.consumers.push(consumer);
    }
  }

  /** Drains: takes no more jobs, lets running handlers finish for `deadlineMs`, then aborts them and releases their jobs. */
  async stop(deadlineMs: number): Promise<void> {
    const stopping = new AbortController();
    const timer = this.deps.clock.after(deadlineMs, () => {
      void this.releaseAll().then(() => stopping.abort());
    });
    await Promise.all(this.consumers.map((consumer) => consumer.stop(stopping.signal)));
    timer.cancel();
    this.heartbeat?.cancel();
    this.heartbeat = null;
    this.starts.stop();
    this.unsubscribe?.();
    this.consumers = [];
  }

  /** One attempt is about to end the process: the jobs of the others go back at once, and the delivery does not count (W4). */
  async abandon(culpritJobId: string): Promise<void> {
    for (const consumer of this.consumers) consumer.stop(AbortSignal.abort()).catch(ignore);
    await this.releaseAll((jobId) => jobId !== culpritJobId);
  }

  /** Number of jobs this worker has right now. */
  running(): number {
    return this.attempts.size;
  }

  /** What it does now and how long that takes, by queue. */
  load(): WorkLoad {
    const running: Record<string, number> = {};
    for (const { delivery } of this.attempts.values()) {
      const queue = queueOf(delivery.job);
      running[queue] = (running[queue] ?? 0) + 1;
    }
    return { running, mean_seconds: this.runTimes.means() };
  }

  /** Concurrent attempts by queue. */
  concurrency(): Map<string, number> {
    const { catalog, concurrency = defaultConcurrency, concurrencyByType = {} } = this.options;
    const queues = new Map<string, number>();
    for (const { metadata, task } of catalog.entries()) {
      if (task === null) continue;
      const wanted = concurrencyByType[metadata.type_id] ?? task.concurrency ?? concurrency;
      queues.set(queueName(metadata.type_id, metadata.version), wanted);
    }
    return queues;
  }

  /** Another worker will restart these attempts, so they are closed before their jobs go back (W3). */
  private async releaseAll(isReleased: (jobId: string) => boolean = () => true): Promise<void> {
    const attempts = [...this.attempts.values()].filter(({ delivery }) => isReleased(delivery.job.job_id));
    for (const attempt of attempts) {
      attempt.isReleased = true;
      attempt.execution?.abort(new LlmteamError('CANCELLED', 'the worker stops'));
      attempt.execution?.close();
    }
    await Promise.all(attempts.map(({ delivery }) => this.release(delivery)));
  }

  /** W4: the release is recorded before the nack, so the next worker sees it. If that fails, the delivery counts as lost. */
  private async release(delivery: Delivery, delayMs?: number): Promise<void> {
    const { job_id } = delivery.job;
    const counted = this.releases
      .increment(job_id)
      .catch((err: unknown) =>
        this.deps.log.warn({ err, job_id }, 'the release of a job was not recorded; the delivery counts as lost'),
      );
    await this.waitAtMost(countTimeoutMs, counted);
    await delivery.nak(delayMs).catch(ignore);
  }

  private async waitAtMost(timeoutMs: number, work: Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = this.deps.clock.after(timeoutMs, resolve);
    });
    await Promise.race([work, timeout]);
    timer?.cancel();
  }

  private workOn(delivery: Delivery): void {
    const { job, deliveries } = delivery;
    const beganAt = this.deps.clock.now();
    const attempt: Attempt = { delivery, beganAt, execution: null, isReleased: false };
    this.attempts.set(job.job_id, attempt);
    this.scheduleHeartbeat();
    this.options.observer?.began(job, deliveries, deliveries === 1 ? waitedMs(delivery, beganAt) : null);
    void this.finish(attempt).then((how) => {
      if (this.attempts.get(job.job_id) === attempt) this.attempts.delete(job.job_id);
      this.options.observer?.ended(job, how);
    });
  }

  private async finish(attempt: Attempt): Promise<JobEnd> {
    const { delivery } = attempt;
    const { job } = delivery;
    try {
      const report = await (delivery.deliveries === 1 ? this.attempt(attempt) : this.attemptAgain(attempt));
      if (attempt.isReleased) return 'handed_back';
      if (report === null) {
        await delivery.ack();
        return 'dropped';
      }
      const entry = { message_id: `report:${job.step}#${job.attempt}`, fact: report };
      await this.options.retry.untilKept(() => this.deps.journal.append(job, [entry]));
      this.runTimes.note(queueOf(job), Math.max(0, report.at - report.started_at) / 1_000, report.at);
      this.options.observer?.reported(job, report);
      await delivery.ack();
      return report.error === undefined ? 'completed' : 'failed';
    } catch (err) {
      if (isLlmteamError(err) && err.code === 'CLOSED') return 'dropped';
      const { job_id, run_id, step_id, tenant_id } = job;
      this.deps.log.error(
        { err, job_id, run_id, step_id, tenant_id },
        'a job could not be processed; it will be redelivered',
      );
      if (!attempt.isReleased) await this.release(delivery, redeliveryMs);
      return 'dropped';
    }
  }

  /** null if it was already reported, or released in the meantime. */
  private async attemptAgain(attempt: Attempt): Promise<StepReported | null> {
    const { delivery } = attempt;
    if (await this.wasReported(delivery.job)) return null;
    const isPoison = delivery.deliveries > this.maxDeliveries && (await this.isPoison(delivery));
    if (attempt.isReleased) return null;
    return isPoison ? this.deadLetter(attempt) : this.attempt(attempt);
  }

  /** An unreadable history must not cause endless redelivery, so it counts as not reported: a duplicate report is a no-op. */
  private async wasReported(job: Job): Promise<boolean> {
    try {
      return await this.options.retry.pastOutages(() => this.isReported(job));
    } catch (err) {
      if (isLlmteamError(err) && err.code === 'CLOSED') throw err;
      const { job_id, run_id, step_id, tenant_id } = job;
      this.deps.log.warn({ err, job_id, run_id, step_id, tenant_id }, 'cannot read whether a job is already reported');
      return false;
    }
  }

  /** The previous worker may have died after storing its report and before acking the job. */
  private async isReported(job: Job): Promise<boolean> {
    for await (const { fact } of this.deps.journal.read(job)) {
      if (fact.type === 'step.reported' && fact.step === job.step && fact.attempt === job.attempt) return true;
    }
    return false;
  }

  private async attempt(attempt: Attempt): Promise<StepReported> {
    const { delivery, beganAt } = attempt;
    const { job } = delivery;
    const entry = this.findType(job);
    if (entry?.task == null) return this.report(job, beganAt, { error: unknownType(job) });
    const config = entry.completeConfig(job.config);
    const arrived = entry.ports.complete({ input: job.input, ports: job.ports ?? {} });
    const refusal = refuse(job, entry, config, arrived);
    if (refusal !== null) return this.report(job, beganAt, { error: this.deps.resources.redactor.json(refusal) });
    const extend = (): void => void delivery.extend().catch(ignore);
    const execution = new StepExecution(this.deps, job, entry, config, arrived, extend, delivery.deliveries > 1);
    attempt.execution = execution;
    const running = entry.standing.isInProcess ? this.options.running?.begin(job, entry.plugin) : undefined;
    execution.onBlame = () => running !== undefined && this.options.running?.culprit(running);
    try {
      if (job.journal_start) await this.options.retry.untilKept(() => this.appendStart(job, beganAt));
      else this.starts.begin(job, beganAt);
      return this.report(job, beganAt, await runHandler(execution, entry.task, this.deps), execution);
    } finally {
      this.starts.end(job);
      if (running !== undefined) this.options.running?.end(running);
      execution.close();
      attempt.execution = null;
    }
  }

  /** The exact version if the catalog has it, otherwise any with the same major version. */
  private findType(job: Job): CatalogEntry | undefined {
    const { catalog } = this.options;
    const { step_type, type_version } = job;
    return catalog.find(step_type, type_version) ?? catalog.findSameMajor(step_type, type_version);
  }

  private get maxDeliveries(): number {
    return this.options.maxDeliveries ?? 5;
  }

  /** W4. Reads the key-value store, so callers check the delivery count first. */
  private async isPoison({ job, deliveries }: Delivery): Promise<boolean> {
    const releases = await this.options.retry.pastOutages(() => this.releases.times(job.job_id));
    return deliveries - releases > this.maxDeliveries;
  }

  private deadLetter({ delivery, beganAt }: Attempt): StepReported {
    const { job } = delivery;
    this.keepDeadLetter(delivery);
    this.options.observer?.lost?.(job);
    const message = `step '${job.step_id}' was delivered ${this.maxDeliveries} times and no worker survived to report`;
    return this.report(job, beganAt, { error: { ...errorInfo('WORKER_LOST', message), recoverable: false } });
  }

  /** For the operator; the run learns of it from the report. */
  private keepDeadLetter({ job, deliveries }: Delivery): void {
    const { job_id, run_id, step_id, tenant_id } = job;
    this.deps.log.error(
      { job_id, run_id, step_id, tenant_id, deliveries },
      'a poison job is dead-lettered: no worker survives it',
    );
    this.deadLetters
      .add(job, deliveries, this.options.workerId)
      .catch((err: unknown) => this.deps.log.warn({ err, job_id }, 'the dead letter of a job could not be stored'));
  }

  /** One timer renews all leases; short jobs are done before it fires. After `retry` has failed, leases are left to expire. */
  private scheduleHeartbeat(): void {
    if (this.heartbeat !== null || this.attempts.size === 0) return;
    this.heartbeat = this.deps.clock.after(this.deps.queue.leaseMs / renewalsPerLease, () => {
      this.heartbeat = null;
      if (this.options.retry.isOver) return;
      for (const { delivery, isReleased } of this.attempts.values()) {
        if (!isReleased) delivery.extend().catch(ignore);
      }
      this.scheduleHeartbeat();
    });
  }

  private async appendStart(job: Job, at: number): Promise<void> {
    const { step, attempt } = job;
    const fact = { type: 'step.started', at, step, attempt, worker: this.options.workerId } as const;
    await this.deps.journal.append(job, [{ message_id: `start:${step}#${attempt}`, fact }]);
  }

  private report(job: Job, startedAt: number, result: AttemptResult, execution?: StepExecution): StepReported {
    const { step, attempt } = job;
    const worker = this.options.workerId;
    const at = this.deps.clock.now();
    return {
      type: 'step.reported',
      at,
      step,
      attempt,
      started_at: startedAt,
      worker,
      ...result,
      ...execution?.collected(),
    };
  }
}

function queueOf({ step_type, type_version }: Job): string {
  return queueName(step_type, type_version);
}

/** The clocks of the queue and of this process may differ. */
function waitedMs({ publishedAt }: Delivery, now: number): number | null {
  return publishedAt === undefined ? null : Math.max(0, now - publishedAt);
}

function refuse(job: Job, entry: CatalogEntry, config: JsonObject, arrived: ArrivedValues): ErrorInfo | null {
  const fault = entry.checkConfig(config);
  if (fault !== null) return errorInfo('STEP_CONFIG_INVALID', `step '${job.step_id}': ${fault}`);
  const wrong = entry.ports.inputFault(arrived);
  return wrong === null ? null : errorInfo('STEP_INPUT_INVALID', `step '${job.step_id}': ${wrong}`);
}

/** A delivery that is lost is redelivered anyway, and a handler has no effect once its attempt is over (W3). */
function ignore(): undefined {
  return undefined;
}

function unknownType(job: Job): ErrorInfo {
  return errorInfo('NO_WORKER', `this worker has no step type '${job.step_type}' of version ${job.type_version}`);
}
