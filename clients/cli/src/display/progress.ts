/**
 * Purpose: the progress of a run, step by step, derived from its events.
 * Owns: aggregating the iterations of loops, so that a step is one line however often it runs.
 * Does not own: rendering (frame.ts).
 */
import {
  type HumanTask,
  type LiveMessage,
  type RunEvent,
  type RunKey,
  type RunStatus,
  runEndingEvents,
  type Segment,
  type StepStatus,
  splitIterationScope,
  splitStepKey,
  stepKey,
  taskId,
  type Usage,
  type WaitingFor,
} from '@llmteam/contracts';
import { errorText } from '../failure-place.js';
import { scopeOwner } from '../scope-owner.js';
import { waitingText } from '../waiting-text.js';
import { loopPlaces, type StepPlace } from './loop-places.js';
import { progressText } from './progress-text.js';

export interface StepProgress {
  readonly step_id: string;
  readonly type: string;
  status: StepStatus;
  /** Number of enclosing loops. */
  readonly depth: number;
  attempt: number;
  /** Epoch milliseconds, null if not started. */
  startedAt: number | null;
  duration_ms: number | null;
  input_tokens: number;
  output_tokens: number;
  /** Scopes of the occurrences that have started and not finished. */
  readonly open: Set<string>;
  completed: number;
  failed: number;
  /** What it last waited for. */
  waitingFor: WaitingFor | null;
  /** What it waits for, or why it failed. */
  remark: string | null;
  /** Tails of the live output of models, by the scope of the occurrence that writes. */
  readonly writing: Map<string, string>;
  /** What its handlers say of their progress, by the scope of the occurrence. */
  readonly told: Map<string, string>;
}

const maxWritingLength = 200;

const statusesByEvent: Readonly<Record<string, RunStatus>> = {
  [runEndingEvents.completed]: 'completed',
  [runEndingEvents.failed]: 'failed',
  [runEndingEvents.cancelled]: 'cancelled',
  [runEndingEvents.timeout]: 'timeout',
  'segment.paused': 'paused',
  'segment.resumed': 'running',
};

export class RunProgress {
  readonly steps = new Map<string, StepProgress>();
  /** Open human tasks of this run and its child runs. */
  readonly tasks = new Map<string, HumanTask>();
  status: RunStatus = 'running';
  error: string | null = null;
  startedAt: number | null = null;
  durationMs: number | null = null;
  private readonly places: ReadonlyMap<string, StepPlace>;
  private usageSoFar: Usage = { input_tokens: 0, output_tokens: 0 };

  constructor(
    readonly run: RunKey,
    readonly segment: Segment,
  ) {
    this.places = loopPlaces(segment);
    for (const { step_id, type } of segment.steps)
      this.steps.set(step_id, blank(step_id, type, this.places.get(step_id)?.depth ?? 0));
  }

  /** Total usage of the run so far. */
  get usage(): Usage {
    return this.usageSoFar;
  }

  /** Sets the total usage without attributing it to a step. */
  noteUsage(usage: Usage): void {
    this.usageSoFar = usage;
  }

  /** `usage`: total after these events, which all come from one journal entry; null if unknown. */
  apply(events: readonly RunEvent[], usage: Usage | null): void {
    for (const event of events) this.applyOne(event);
    if (usage !== null) this.attribute(usage, events);
  }

  /** Ids of the child runs that steps are waiting for. */
  children(): string[] {
    return [...this.steps.values()].flatMap(({ status, waitingFor }) =>
      status === 'waiting' && waitingFor?.kind === 'child_run' ? [waitingFor.run_id] : [],
    );
  }

  note(message: LiveMessage): void {
    const { step_id, scope } = message;
    const step = this.stepAt(scope, step_id);
    if (step === undefined) return;
    if (message.event_type === 'llm.token') {
      step.writing.set(scope, `${step.writing.get(scope) ?? ''}${message.text}`.slice(-maxWritingLength));
    } else if (message.event_type === 'step.progress' && step.open.has(scope)) {
      step.told.set(scope, progressText(message.progress));
    }
  }

  /** Undefined for an inner step. */
  private stepAt(scope: string, stepId: string): StepProgress | undefined {
    return this.places.get(stepId)?.loop === scopeOwner(scope) ? this.steps.get(stepId) : undefined;
  }

  /** Of an inner step the step of the segment around it. */
  private outermost(scope: string, stepId: string): StepProgress | undefined {
    const step = this.stepAt(scope, stepId);
    const iteration = splitIterationScope(scope);
    if (step !== undefined || iteration === null) return step;
    const owner = splitStepKey(iteration.owner);
    return this.outermost(owner.scope, owner.step_id);
  }

  private applyOne(event: RunEvent): void {
    this.closeTask(event);
    if (event.run_id !== this.run.run_id) return;
    const at = Date.parse(event.timestamp);
    this.startedAt ??= at;
    const step = event.step_id === null ? undefined : this.stepAt(event.scope, event.step_id);
    if (step !== undefined) advance(step, event, at);
    const status = statusesByEvent[event.event_type];
    if (status === undefined) return;
    this.status = status;
    this.error = event.error === null ? null : errorText(event.error);
    this.durationMs = event.duration_ms;
  }

  private closeTask({ event_type, run_id, scope, step_id }: RunEvent): void {
    if (step_id === null || this.tasks.size === 0) return;
    if (event_type === 'human.task_completed' || finished.has(event_type)) {
      this.tasks.delete(taskId(run_id, stepKey(scope, step_id)));
    }
  }

  /** A journal entry belongs to a single step, so that step is charged for the difference. */
  private attribute(usage: Usage, events: readonly RunEvent[]): void {
    const input = usage.input_tokens - this.usageSoFar.input_tokens;
    const output = usage.output_tokens - this.usageSoFar.output_tokens;
    this.usageSoFar = usage;
    if (input === 0 && output === 0) return;
    const charged = events.find(({ event_type }) => charging.has(event_type));
    if (charged === undefined) return;
    const step = this.outermost(charged.scope, charged.step_id ?? '');
    if (step === undefined) return;
    step.input_tokens += input;
    step.output_tokens += output;
  }
}

const finished = new Set<string>(['step.completed', 'step.failed', 'step.skipped', 'step.cancelled']);
const charging = new Set<string>(['step.completed', 'step.failed', 'step.retrying']);

function blank(stepId: string, type: string, depth: number): StepProgress {
  return {
    step_id: stepId,
    type,
    status: 'pending',
    depth,
    attempt: 0,
    startedAt: null,
    duration_ms: null,
    input_tokens: 0,
    output_tokens: 0,
    open: new Set(),
    completed: 0,
    failed: 0,
    waitingFor: null,
    remark: null,
    writing: new Map(),
    told: new Map(),
  };
}

function advance(step: StepProgress, event: RunEvent, at: number): void {
  switch (event.event_type) {
    case 'step.queued':
    case 'step.started':
      start(step, event, at);
      return;
    case 'step.retrying':
      step.status = 'retrying';
      step.remark = event.error?.error_code ?? null;
      step.told.delete(event.scope);
      return;
    case 'step.waiting':
      step.status = 'waiting';
      step.waitingFor = event.payload.waiting_for;
      step.remark = waitingText(event.payload.waiting_for);
      return;
    case 'step.completed':
    case 'step.failed':
    case 'step.skipped':
    case 'step.cancelled':
      finish(step, event, at);
      return;
    default:
      return;
  }
}

function start(step: StepProgress, event: RunEvent, at: number): void {
  step.status = 'running';
  step.attempt = event.attempt ?? 0;
  if (step.open.size === 0 && !step.open.has(event.scope)) step.startedAt = at;
  step.open.add(event.scope);
  step.remark = null;
  forget(step, event);
}

/** What was told live is of the attempt that is over. */
function forget(step: StepProgress, { scope }: RunEvent): void {
  step.writing.delete(scope);
  step.told.delete(scope);
}

/** With several occurrences, a running one determines the shown status, then a failed one. */
function finish(step: StepProgress, event: RunEvent, at: number): void {
  step.open.delete(event.scope);
  forget(step, event);
  if (event.event_type === 'step.completed') step.completed++;
  if (event.event_type === 'step.failed') step.failed++;
  step.duration_ms = event.duration_ms ?? (step.startedAt === null ? null : at - step.startedAt);
  step.remark = event.error === null ? null : errorText(event.error);
  step.status = step.open.size > 0 ? 'running' : ownStatus(step, event);
}

function ownStatus(step: StepProgress, { event_type }: RunEvent): StepStatus {
  if (step.failed > 0) return 'failed';
  if (step.completed > 0) return 'completed';
  return event_type === 'step.skipped' ? 'skipped' : 'cancelled';
}
