/**
 * Purpose: how a run stands, step by step, for people to look at. A function of its events.
 * Owns: adding up the iterations of loops, so that a step is one line however often it runs.
 * Does not own: what is drawn of it (frame.ts).
 */
import {
  type HumanTask,
  type RunEvent,
  type RunKey,
  type RunStatus,
  runEndingEvents,
  type Segment,
  type StepStatus,
  stepKey,
  taskId,
  type Usage,
  type WaitingFor,
} from '@llmteam/contracts';
import { waitingText } from '../waiting-text.js';
import { loopDepths } from './loop-depths.js';

export interface StepProgress {
  readonly step_id: string;
  readonly type: string;
  status: StepStatus;
  /** Loops around it. */
  readonly depth: number;
  attempt: number;
  /** Epoch milliseconds; null: not begun. */
  beganAt: number | null;
  duration_ms: number | null;
  input_tokens: number;
  output_tokens: number;
  /** Occurrences by scope that have begun and are not decided. */
  readonly open: Set<string>;
  completed: number;
  failed: number;
  /** What it began to wait for last. */
  waitingFor: WaitingFor | null;
  /** What it waits for, or why it failed. */
  remark: string | null;
  /** The end of what a model is writing. */
  writing: string;
}

const mostWriting = 200;

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
  /** Human tasks that wait, of this run and of those it started. */
  readonly tasks = new Map<string, HumanTask>();
  status: RunStatus = 'running';
  error: string | null = null;
  beganAt: number | null = null;
  durationMs: number | null = null;
  private usageSoFar: Usage = { input_tokens: 0, output_tokens: 0 };

  constructor(
    readonly run: RunKey,
    readonly segment: Segment,
  ) {
    const depths = loopDepths(segment);
    for (const { step_id, type } of segment.steps)
      this.steps.set(step_id, blank(step_id, type, depths.get(step_id) ?? 0));
  }

  /** What the run has used so far. */
  get usage(): Usage {
    return this.usageSoFar;
  }

  /** Usage that no step can be charged for. */
  noteUsage(usage: Usage): void {
    this.usageSoFar = usage;
  }

  /** `usage` is what the run has used after these events, all of which come from one entry of its history. */
  apply(events: readonly RunEvent[], usage: Usage | null): void {
    for (const event of events) this.applyOne(event);
    if (usage !== null) this.attribute(usage, events);
  }

  /** The runs that steps wait for. */
  children(): string[] {
    return [...this.steps.values()].flatMap(({ status, waitingFor }) =>
      status === 'waiting' && waitingFor?.kind === 'child_run' ? [waitingFor.run_id] : [],
    );
  }

  write(stepId: string, text: string): void {
    const step = this.steps.get(stepId);
    if (step !== undefined) step.writing = `${step.writing}${text}`.slice(-mostWriting);
  }

  private applyOne(event: RunEvent): void {
    this.closeTask(event);
    if (event.run_id !== this.run.run_id) return;
    const at = Date.parse(event.timestamp);
    this.beganAt ??= at;
    const step = event.step_id === null ? undefined : this.steps.get(event.step_id);
    if (step !== undefined) advance(step, event, at);
    const status = statusesByEvent[event.event_type];
    if (status === undefined) return;
    this.status = status;
    this.error = event.error === null ? null : `${event.error.error_code}: ${event.error.error_message}`;
    this.durationMs = event.duration_ms;
  }

  private closeTask({ event_type, run_id, scope, step_id }: RunEvent): void {
    if (step_id === null || this.tasks.size === 0) return;
    if (event_type === 'human.task_completed' || decided.has(event_type)) {
      this.tasks.delete(taskId(run_id, stepKey(scope, step_id)));
    }
  }

  /** One entry of a history is one step's doing. */
  private attribute(usage: Usage, events: readonly RunEvent[]): void {
    const input = usage.input_tokens - this.usageSoFar.input_tokens;
    const output = usage.output_tokens - this.usageSoFar.output_tokens;
    this.usageSoFar = usage;
    if (input === 0 && output === 0) return;
    const spender = events.find(({ event_type }) => spending.has(event_type))?.step_id;
    const step = this.steps.get(spender ?? '');
    if (step === undefined) return;
    step.input_tokens += input;
    step.output_tokens += output;
  }
}

const decided = new Set<string>(['step.completed', 'step.failed', 'step.skipped', 'step.cancelled']);
const spending = new Set<string>(['step.completed', 'step.failed', 'step.retrying']);

function blank(stepId: string, type: string, depth: number): StepProgress {
  return {
    step_id: stepId,
    type,
    status: 'pending',
    depth,
    attempt: 0,
    beganAt: null,
    duration_ms: null,
    input_tokens: 0,
    output_tokens: 0,
    open: new Set(),
    completed: 0,
    failed: 0,
    waitingFor: null,
    remark: null,
    writing: '',
  };
}

function advance(step: StepProgress, event: RunEvent, at: number): void {
  switch (event.event_type) {
    case 'step.queued':
    case 'step.started':
      begin(step, event, at);
      return;
    case 'step.retrying':
      step.status = 'retrying';
      step.remark = event.error?.error_code ?? null;
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
      decide(step, event, at);
      return;
    default:
      return;
  }
}

function begin(step: StepProgress, event: RunEvent, at: number): void {
  step.status = 'running';
  step.attempt = event.attempt ?? 0;
  if (step.open.size === 0 && !step.open.has(event.scope)) step.beganAt = at;
  step.open.add(event.scope);
  step.remark = null;
  step.writing = '';
}

/** Of several occurrences, one that still runs decides how the step looks, then one that failed. */
function decide(step: StepProgress, event: RunEvent, at: number): void {
  step.open.delete(event.scope);
  step.writing = '';
  if (event.event_type === 'step.completed') step.completed++;
  if (event.event_type === 'step.failed') step.failed++;
  step.duration_ms = event.duration_ms ?? (step.beganAt === null ? null : at - step.beganAt);
  step.remark = event.error === null ? null : `${event.error.error_code}: ${event.error.error_message}`;
  step.status = step.open.size > 0 ? 'running' : ownStatus(step, event);
}

function ownStatus(step: StepProgress, { event_type }: RunEvent): StepStatus {
  if (step.failed > 0) return 'failed';
  if (step.completed > 0) return 'completed';
  return event_type === 'step.skipped' ? 'skipped' : 'cancelled';
}
