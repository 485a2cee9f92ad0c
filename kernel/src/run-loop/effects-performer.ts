/**
 * Purpose: performs the effects that `evolve` returns.
 * Owns: message ids of what the engine appends, the order "parent and children are told before the end is recorded", retrying what the
 * store refuses. Does not own: any decision.
 * Invariants:
 *   P1 Performing an effect twice changes nothing, because its ids derive from the run.
 *   P2 Once the loop is stopped no effect is begun, nor the rest of one in flight.
 */
import {
  cancelSubject,
  errorInfo,
  type Fact,
  isLlmteamError,
  type Job,
  type JobQueue,
  type Journal,
  LlmteamError,
  type Logger,
  noUsage,
  type PubSub,
  type RunKey,
  type RunRequested,
  type RunTrace,
  toErrorInfo,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { SegmentStore } from '../definitions/segment-store.js';
import type { Effect, StartChild } from '../engine/effects.js';
import { engineVersion } from '../engine/evolve.js';
import type { Retry } from '../retry/retry.js';
import { childTrace, type Traced, tracedJob } from '../tracing/run-tracer.js';
import { traceIdOf } from '../tracing/trace-ids.js';
import { validateInput } from '../validation/validate-input.js';
import type { LoopState } from './loop-state.js';
import type { Projection } from './projection.js';
import type { TimerHeap, TimerOwner } from './timer-heap.js';

export interface PerformerDeps {
  readonly loop: LoopState;
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly segments: SegmentStore;
  readonly definitions: Definitions;
  readonly timers: TimerHeap;
  readonly retry: Retry;
  readonly log: Logger;
  readonly projection: Projection;
}

/** The run whose effects are performed. */
export type EffectsOwner = TimerOwner & Traced;

export class EffectsPerformer {
  private jobs: Job[] = [];
  /** Ids of jobs to withdraw. */
  private cancelled: string[] = [];
  /** The batch published last. */
  private publishing: Promise<void> = Promise.resolve();
  /** Starts of child runs in flight: a child is controlled only after its start. */
  private readonly starting = new Map<string, Promise<void>>();

  constructor(private readonly deps: PerformerDeps) {}

  /**
   * Performs one outcome's effects; `recorded` is called once the run's end is in the journal. `isAgain`: they may have been performed
   * long ago.
   */
  perform(run: EffectsOwner, effects: readonly Effect[], recorded: () => void, isAgain = false): void {
    if (this.deps.loop.isStopped) return;
    const before: Promise<void>[] = [];
    for (const effect of effects) {
      const done =
        effect.kind === 'start_child'
          ? this.startChild(run, effect, isAgain)
          : this.performOne(run, effect, before, recorded);
      if (done !== null) before.push(done);
    }
  }

  /** Drops what was not published yet. */
  discard(): void {
    this.jobs = [];
    this.cancelled = [];
  }

  private performOne(
    run: EffectsOwner,
    effect: Exclude<Effect, StartChild>,
    before: readonly Promise<void>[],
    recorded: () => void,
  ): Promise<void> | null {
    const { timers, pubSub } = this.deps;
    switch (effect.kind) {
      case 'dispatch':
        this.jobs.push(tracedJob(run, effect.job));
        return null;
      case 'cancel_jobs':
        pubSub.publish(cancelSubject, { job_ids: effect.job_ids });
        this.cancelled.push(...effect.job_ids);
        return null;
      case 'arm_timer':
        timers.arm(run, effect.timer, effect.due_at);
        return null;
      case 'disarm_timer':
        timers.disarm(run, effect.timer);
        return null;
      case 'show_task':
        this.deps.projection.noteTask(effect.task);
        return null;
      case 'control_child':
        return this.controlChild(run, effect);
      case 'notify_parent': {
        const parent = { tenant_id: run.tenant_id, run_id: effect.run_id };
        return this.append(parent, `child:${run.run_id}`, effect.fact);
      }
      case 'record_end': {
        const append = (): Promise<void> => this.append(run, 'ended', effect.fact).then(recorded);
        return before.length === 0 ? append() : Promise.all(before).then(append);
      }
    }
  }

  /**
   * Publishes the jobs collected since the last call and withdraws cancelled ones. Resolves once the queue has the batch before: while
   * it takes this one, the next entries are evaluated.
   */
  async flushJobs(): Promise<void> {
    if (this.jobs.length + this.cancelled.length === 0) return;
    const { jobs, cancelled, publishing } = this;
    this.discard();
    const withdrawn = new Set(cancelled);
    const wanted = cancelled.length === 0 ? jobs : jobs.filter(({ job_id }) => !withdrawn.has(job_id));
    this.publishing = publishing.then(() => this.publishBatch(wanted, cancelled));
    await publishing;
  }

  private async publishBatch(wanted: readonly Job[], cancelled: readonly string[]): Promise<void> {
    const { loop, queue, log } = this.deps;
    if (loop.isStopped) return;
    if (wanted.length > 0) await this.publish(wanted);
    if (cancelled.length === 0 || loop.isStopped) return;
    // Withdrawing only saves work: a report of a cancelled job means nothing.
    await queue
      .withdraw(cancelled)
      .catch((err: unknown) => log.warn({ err }, 'jobs that are no longer wanted stay in the queue'));
  }

  publish(jobs: readonly Job[]): Promise<void> {
    return this.deps.retry.untilKept(() => this.deps.queue.publish(jobs));
  }

  private append(run: RunKey, messageId: string, fact: Fact): Promise<void> {
    return this.deps.retry.untilKept(() => this.deps.journal.append(run, [{ message_id: messageId, fact }]));
  }

  private startChild(parent: EffectsOwner, effect: StartChild, isAgain: boolean): Promise<void> {
    // As it is now: the step may have ended when the child is requested.
    const trace = childTrace(parent, effect.step);
    const start = async (): Promise<void> => {
      if (isAgain && (await this.hasBegun({ tenant_id: parent.tenant_id, run_id: effect.run_id }))) return;
      await this.requestChild(parent, effect, trace).catch((thrown: unknown) =>
        this.refuseChild(parent, effect, thrown),
      );
    };
    const started = this.deps.retry.untilKept(start).finally(() => this.starting.delete(effect.run_id));
    this.starting.set(effect.run_id, started);
    return started;
  }

  /** The journal deduplicates recent message ids only: a child started an hour ago would be requested a second time. */
  private async hasBegun(run: RunKey): Promise<boolean> {
    try {
      for await (const _ of this.deps.journal.read(run)) return true;
    } catch {
      // Then the request will tell.
    }
    return false;
  }

  private async requestChild(parent: RunKey, effect: StartChild, trace: RunTrace | undefined): Promise<void> {
    const { segments, definitions } = this.deps;
    const stored = await segments.find(parent.tenant_id, effect.segment_ref);
    const { segment } = await definitions.plan(stored.definition);
    const [problem] = validateInput(segment, effect.input);
    if (problem !== undefined) {
      throw new LlmteamError('INPUT_INVALID', `input of '${effect.segment_ref}': ${problem.message}`);
    }
    const child = { tenant_id: parent.tenant_id, run_id: effect.run_id };
    const fact: RunRequested = {
      type: 'run.requested',
      at: effect.at,
      segment_id: stored.segment_id,
      definition: stored.definition,
      input: effect.input,
      instance_id: effect.instance_id,
      correlation_id: effect.correlation_id,
      trace_id: traceIdOf(child),
      ...(trace !== undefined && { trace }),
      timeout_seconds: remainingSeconds(effect, segment.params?.timeout_seconds),
      engine: engineVersion,
      parent: { run_id: parent.run_id, step: effect.step, depth: effect.depth },
    };
    await this.append(child, 'requested', fact);
  }

  /** A child that cannot be started has failed. Errors of the store are retried. */
  private async refuseChild(parent: RunKey, effect: StartChild, thrown: unknown): Promise<void> {
    if (isLlmteamError(thrown) && thrown.recoverable) throw thrown;
    const error = isLlmteamError(thrown) ? toErrorInfo(thrown) : errorInfo('CHILD_RUN_FAILED', String(thrown));
    await this.append(parent, `child:${effect.run_id}`, {
      type: 'child.ended',
      at: effect.at,
      step: effect.step,
      child_run_id: effect.run_id,
      status: 'failed',
      output: null,
      error,
      usage: noUsage,
    });
  }

  private async controlChild(parent: RunKey, effect: Extract<Effect, { kind: 'control_child' }>): Promise<void> {
    await this.starting.get(effect.run_id);
    const { action } = effect;
    const fact: Fact = {
      type: 'run.controlled',
      at: effect.at,
      action,
      reason: `its parent '${parent.run_id}' did`,
      by: 'parent',
    };
    const child = { tenant_id: parent.tenant_id, run_id: effect.run_id };
    await this.append(child, `parent:${action}:${effect.seq}`, fact);
  }
}

/** A child ends with its parent at the latest; null: neither has a limit. */
function remainingSeconds(effect: StartChild, own: number | null | undefined): number | null {
  const wanted = own === undefined ? 300 : own;
  if (effect.deadline_at === null) return wanted;
  const left = Math.max(1, effect.deadline_at - effect.at) / 1_000;
  return wanted === null ? left : Math.min(wanted, left);
}
