/**
 * Purpose: a worker: takes jobs of the step types it has, runs their handlers, appends the reports.
 * Owns: time-outs of attempts, heartbeats, cancellation, the rule "report kept, then acknowledged". Does not own: retries; a failed
 * attempt is a report like any other.
 * Invariants:
 *   W1 A job is acked only after its report is kept.
 *   W2 An attempt reports at most once, and not at all once its job was handed back.
 *   W3 What a handler does after its attempt is over has no effect.
 *   W4 A job is poison by the deliveries that no worker survived: those that were handed back do not count.
 */
import {
  type Consumer,
  cancel_subject,
  type Delivery,
  type ErrorInfo,
  error_info,
  type FiredPorts,
  is_llmteam_error,
  type Job,
  LlmteamError,
  queue_name,
  type StepReported,
  type Timer,
  to_error_info,
} from '@llmteam/contracts';
import type { CatalogEntry, StepCatalog } from '../catalog/step-catalog.js';
import { size_fault } from '../large-values/rough-size.js';
import type { Retry } from '../run-loop/retry.js';
import { DeadLetters } from './dead-letters.js';
import { HandBacks } from './hand-backs.js';
import { json_fault, without_undefined } from './json-guard.js';
import { StepExecution } from './step-execution.js';
import type { JobEnd, WorkObserver } from './work-observer.js';
import type { WorkerPorts } from './worker-ports.js';

export interface WorkLoopOptions {
  readonly worker_id: string;
  readonly catalog: StepCatalog;
  /** Attempts at a time per step type, unless the type itself says how many. Default 16. */
  readonly concurrency?: number;
  /** The same for single step types; goes before what the type says. */
  readonly concurrency_by_type?: Readonly<Record<string, number>>;
  /** Lost deliveries after which a job counts as poison. Default 5. */
  readonly max_deliveries?: number;
  /** How often the leases of the jobs at hand begin anew. Default: three times in a lease, if the queue's jobs have one. */
  readonly heartbeat_ms?: number;
  /** Repeats appends that the store refuses for the moment. */
  readonly retry: Retry;
  readonly observer?: WorkObserver;
}

/** A job while this worker has it. */
interface Attempt {
  readonly delivery: Delivery;
  readonly began_at: number;
  /** null: its handler does not run, or not yet. */
  execution: StepExecution | null;
  is_handed_back: boolean;
}

const default_concurrency = 16;
const redelivery_ms = 1_000;
/** A registry that does not answer must not keep a job from going back. */
const note_patience_ms = 2_000;

export class WorkLoop {
  private readonly attempts = new Map<string, Attempt>();
  private beat: Timer | null = null;
  private readonly dead_letters: DeadLetters;
  private readonly hand_backs: HandBacks;
  private consumers: Consumer[] = [];
  private unsubscribe: (() => void) | null = null;

  constructor(
    private readonly ports: WorkerPorts,
    private readonly options: WorkLoopOptions,
  ) {
    this.dead_letters = new DeadLetters(ports.registry, ports.clock);
    this.hand_backs = new HandBacks(ports.registry);
  }

  async start(): Promise<void> {
    this.unsubscribe = this.ports.signals.subscribe(cancel_subject, (message) => {
      for (const id of (message as { job_ids: readonly string[] }).job_ids) {
        this.attempts.get(id)?.execution?.abort(new LlmteamError('CANCELLED', 'the step is no longer wanted'));
      }
    });
    for (const [queue, concurrency] of this.concurrency()) {
      const consumer = await this.ports.queue.consume(queue, { concurrency }, (delivery) => this.work_on(delivery));
      this.consumers.push(consumer);
    }
  }

  /** Takes no more jobs; running handlers may finish until `deadline_ms`, then they are aborted and their jobs handed back. */
  async stop(deadline_ms: number): Promise<void> {
    const stopping = new AbortController();
    const timer = this.ports.clock.after(deadline_ms, () => {
      void this.hand_back().then(() => stopping.abort());
    });
    await Promise.all(this.consumers.map((consumer) => consumer.stop(stopping.signal)));
    timer.cancel();
    this.beat?.cancel();
    this.beat = null;
    this.unsubscribe?.();
    this.consumers = [];
  }

  /** How many jobs are at hand now. */
  running(): number {
    return this.attempts.size;
  }

  /** Attempts at a time, by queue. */
  concurrency(): Map<string, number> {
    const { catalog, concurrency = default_concurrency, concurrency_by_type = {} } = this.options;
    const queues = new Map<string, number>();
    for (const { metadata, task } of catalog.entries()) {
      if (task === null) continue;
      const wanted = concurrency_by_type[metadata.type_id] ?? task.concurrency ?? concurrency;
      queues.set(queue_name(metadata.type_id, metadata.version), wanted);
    }
    return queues;
  }

  /** Another worker begins these attempts anew: what their handlers still do has no effect. */
  private async hand_back(): Promise<void> {
    const attempts = [...this.attempts.values()];
    for (const attempt of attempts) {
      attempt.is_handed_back = true;
      attempt.execution?.abort(new LlmteamError('CANCELLED', 'the worker stops'));
      attempt.execution?.close();
    }
    await Promise.all(attempts.map(({ delivery }) => this.give_back(delivery)));
  }

  /** W4: noted first, for whoever gets it next. If that fails the delivery counts as lost. */
  private async give_back(delivery: Delivery, delay_ms?: number): Promise<void> {
    const { job_id } = delivery.job;
    const noted = this.hand_backs
      .note(job_id)
      .catch((err: unknown) => this.ports.log.warn({ err, job_id }, 'a job that is handed back counts as lost'));
    await this.within(note_patience_ms, noted);
    await delivery.nak(delay_ms).catch(ignore);
  }

  private async within(patience_ms: number, work: Promise<void>): Promise<void> {
    let timer: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      timer = this.ports.clock.after(patience_ms, resolve);
    });
    await Promise.race([work, over]);
    timer?.cancel();
  }

  private work_on(delivery: Delivery): void {
    const { job, deliveries } = delivery;
    const began_at = this.ports.clock.now();
    const attempt: Attempt = { delivery, began_at, execution: null, is_handed_back: false };
    this.attempts.set(job.job_id, attempt);
    this.plan_heartbeat();
    this.options.observer?.began(job, deliveries);
    void this.finish(attempt).then((how) => {
      if (this.attempts.get(job.job_id) === attempt) this.attempts.delete(job.job_id);
      this.options.observer?.ended(job, how);
    });
  }

  private async finish(attempt: Attempt): Promise<JobEnd> {
    const { delivery } = attempt;
    const { job } = delivery;
    try {
      const report = await (delivery.deliveries === 1 ? this.attempt(attempt) : this.attempt_again(attempt));
      if (attempt.is_handed_back) return 'handed_back';
      if (report === null) {
        await delivery.ack();
        return 'dropped';
      }
      const entry = { message_id: `report:${job.step}#${job.attempt}`, fact: report };
      await this.options.retry.until_kept(() => this.ports.journal.append(job, [entry]));
      this.options.observer?.reported(job, report);
      await delivery.ack();
      return report.error === undefined ? 'completed' : 'failed';
    } catch (err) {
      if (is_llmteam_error(err) && err.code === 'CLOSED') return 'dropped';
      const { job_id, run_id, step_id, tenant_id } = job;
      this.ports.log.error({ err, job_id, run_id, step_id, tenant_id }, 'a job could not be worked on; it comes again');
      if (!attempt.is_handed_back) await this.give_back(delivery, redelivery_ms);
      return 'dropped';
    }
  }

  /** null: it was reported, or handed back meanwhile. */
  private async attempt_again(attempt: Attempt): Promise<StepReported | null> {
    const { delivery } = attempt;
    if (await this.was_reported(delivery.job)) return null;
    const is_poison = delivery.deliveries > this.most_lost && (await this.is_poison(delivery));
    if (attempt.is_handed_back) return null;
    return is_poison ? this.give_up(attempt) : this.attempt(attempt);
  }

  /** A history that cannot be read must not make a job come again for ever: a second report means nothing. */
  private async was_reported(job: Job): Promise<boolean> {
    try {
      return await this.options.retry.past_outages(() => this.is_reported(job));
    } catch (err) {
      if (is_llmteam_error(err) && err.code === 'CLOSED') throw err;
      const { job_id, run_id, step_id, tenant_id } = job;
      this.ports.log.warn({ err, job_id, run_id, step_id, tenant_id }, 'whether a job is reported cannot be read');
      return false;
    }
  }

  /** Whoever had the job before may have died between its report and its acknowledgement: then all is done. */
  private async is_reported(job: Job): Promise<boolean> {
    for await (const { fact } of this.ports.journal.read(job)) {
      if (fact.type === 'step.reported' && fact.step === job.step && fact.attempt === job.attempt) return true;
    }
    return false;
  }

  private async attempt(attempt: Attempt): Promise<StepReported> {
    const { delivery, began_at } = attempt;
    const { job } = delivery;
    const entry = this.find_type(job);
    const refusal = this.refuse(job, entry);
    if (refusal !== null || entry?.task == null) return this.report(job, began_at, { error: refusal ?? no_type(job) });
    const extend = (): void => void delivery.extend().catch(ignore);
    const execution = new StepExecution(this.ports, job, entry, extend, delivery.deliveries > 1);
    attempt.execution = execution;
    try {
      if (job.journal_start) await this.options.retry.until_kept(() => this.tell_start(job, began_at));
      const result = entry.task.run(execution, job.config, job.input);
      const ports = await (job.timeout_seconds === null
        ? result
        : this.in_time(execution, result, job.timeout_seconds));
      return this.report(job, began_at, checked(ports, job, entry), execution);
    } catch (thrown) {
      if (is_llmteam_error(thrown) && thrown.code === 'CLOSED') throw thrown;
      if (!is_llmteam_error(thrown)) execution.log.warn({ err: thrown }, 'the handler of a step threw');
      return this.report(job, began_at, { error: to_error_info(thrown) }, execution);
    } finally {
      execution.close();
      attempt.execution = null;
    }
  }

  /** The exact version if it is here, else any of the same major. */
  private find_type(job: Job): CatalogEntry | undefined {
    const { catalog } = this.options;
    const major = job.type_version.slice(0, job.type_version.indexOf('.') + 1);
    return (
      catalog.find(job.step_type, job.type_version) ??
      catalog
        .entries()
        .find(({ metadata: { type_id, version } }) => type_id === job.step_type && version.startsWith(major))
    );
  }

  private refuse(job: Job, entry: CatalogEntry | undefined): ErrorInfo | null {
    if (entry === undefined) return no_type(job);
    const fault = entry.check_config(job.config);
    return fault === null ? null : error_info('STEP_CONFIG_INVALID', `step '${job.step_id}': ${fault}`);
  }

  private get most_lost(): number {
    return this.options.max_deliveries ?? 5;
  }

  /** W4. Only of a job that was handed out that often the registry is asked. */
  private async is_poison({ job, deliveries }: Delivery): Promise<boolean> {
    const handed_back = await this.options.retry.past_outages(() => this.hand_backs.times(job.job_id));
    return deliveries - handed_back > this.most_lost;
  }

  private give_up({ delivery, began_at }: Attempt): StepReported {
    const { job } = delivery;
    this.note_dead(delivery);
    const message = `step '${job.step_id}' was handed out ${this.most_lost} times and no worker lived to report`;
    return this.report(job, began_at, { error: { ...error_info('WORKER_LOST', message), recoverable: false } });
  }

  /** For who looks after the installation; the run is told by the report. */
  private note_dead({ job, deliveries }: Delivery): void {
    const { job_id, run_id, step_id, tenant_id } = job;
    this.ports.log.error(
      { job_id, run_id, step_id, tenant_id, deliveries },
      'a job is given up: no worker survives it',
    );
    this.dead_letters
      .add(job, deliveries, this.options.worker_id)
      .catch((err: unknown) => this.ports.log.warn({ err, job_id }, 'the job is not among the dead letters'));
  }

  /** One timer for all: short jobs are over before it fires. A job whose report the store never took is left to others. */
  private plan_heartbeat(): void {
    const { lease_ms } = this.ports.queue;
    const every = this.options.heartbeat_ms ?? (lease_ms === undefined ? undefined : lease_ms / 3);
    if (every === undefined || this.beat !== null || this.attempts.size === 0) return;
    this.beat = this.ports.clock.after(every, () => {
      this.beat = null;
      if (this.options.retry.is_over) return;
      for (const { delivery, is_handed_back } of this.attempts.values()) {
        if (!is_handed_back) delivery.extend().catch(ignore);
      }
      this.plan_heartbeat();
    });
  }

  private async tell_start(job: Job, at: number): Promise<void> {
    const { step, attempt } = job;
    const fact = { type: 'step.started', at, step, attempt, worker: this.options.worker_id } as const;
    await this.ports.journal.append(job, [{ message_id: `start:${step}#${attempt}`, fact }]);
  }

  /** The handler's result, or the attempt's time-out. A handler that goes on after it is left to itself. */
  private async in_time(
    execution: StepExecution,
    result: Promise<FiredPorts>,
    timeout_seconds: number,
  ): Promise<FiredPorts> {
    const { step_id } = execution.job;
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.ports.clock.after(Math.ceil(timeout_seconds * 1_000), () => {
        const error = new LlmteamError('STEP_TIMEOUT', `step '${step_id}' took longer than ${timeout_seconds} s`);
        execution.abort(error);
        reject(error);
      });
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      timer?.cancel();
      result.catch(ignore);
    }
  }

  private report(
    job: Job,
    started_at: number,
    result: { ports: FiredPorts } | { error: ErrorInfo },
    execution?: StepExecution,
  ): StepReported {
    const { step, attempt } = job;
    const worker = this.options.worker_id;
    const at = this.ports.clock.now();
    return { type: 'step.reported', at, step, attempt, started_at, worker, ...result, ...execution?.collected() };
  }
}

/** A lost delivery comes again by itself; what a handler does after its attempt is over has no effect (W3). */
function ignore(): undefined {
  return undefined;
}

function no_type(job: Job): ErrorInfo {
  return error_info('NO_WORKER', `this worker has no step type '${job.step_type}' of version ${job.type_version}`);
}

function checked(ports: FiredPorts, job: Job, entry: CatalogEntry): { ports: FiredPorts } | { error: ErrorInfo } {
  const invalid = (message: string) => ({
    error: error_info('STEP_RESULT_INVALID', `step '${job.step_id}' ${message}`),
  });
  if (typeof ports !== 'object' || ports === null || Array.isArray(ports)) {
    return invalid('must give an object {port: value}');
  }
  const fired = without_undefined(ports) as FiredPorts;
  const known = entry.metadata.output_ports;
  for (const name of Object.keys(fired)) {
    if (known.some((port) => port.name === name || port.name === '*')) continue;
    if (!job.extra_ports?.includes(name)) return invalid(`fired port '${name}', which it has not got`);
  }
  const fault = json_fault(fired);
  if (fault !== null) return invalid(`gave what is not JSON: ${fault}`);
  const excess = size_fault(fired);
  if (excess === null) return { ports: fired };
  return { error: error_info('LIMIT_EXCEEDED', `the result of step '${job.step_id}' ${excess}`) };
}
