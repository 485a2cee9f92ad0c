import {
  type RunView,
  type StepStatus,
  type StepSummary,
  splitIterationScope,
  splitStepKey,
  stepStatuses,
} from '@llmteam/contracts';
import { errorText, failurePlace } from '../failure-place.js';
import { scopeOwner } from '../scope-owner.js';
import { waitingText } from '../waiting-text.js';
import type { Diagram, DiagramEdge } from './diagram.js';
import { noLoop } from './loop-regions.js';

/** A step's status, or `over` if its loop has ended: a run keeps no statuses of finished iterations. */
export type ShownStatus = StepStatus | 'over';

export interface StepOverlay {
  readonly status: ShownStatus;
  /** Attempts so far; the maximum of all iterations. */
  readonly attempts: number;
  /** Number of open iterations by the status of the step in them; empty outside loops. */
  readonly counts: ReadonlyMap<StepStatus, number>;
  /** Readable reasons why it waits or failed. */
  readonly notes: readonly string[];
}

/** The progress of a run, mapped to the steps of its segment. */
export interface RunOverlay {
  readonly view: RunView;
  /** By step index. */
  readonly steps: readonly StepOverlay[];
  /** Open iterations of each loop step. */
  readonly openIterations: ReadonlyMap<number, number>;
}

export type EdgeProgress = 'taken' | 'idle' | 'open';

/** With several iterations, the most urgent status determines the colour of the box. */
const byUrgency: readonly StepStatus[] = [
  'failed',
  'retrying',
  'waiting',
  'running',
  'queued',
  'completed',
  'pending',
  'cancelled',
  'skipped',
];
const maxNoteLength = 500;

/** Steps missing from the view are pending outside loops; inside loops their status depends on the loop. */
export function overlayRun(diagram: Diagram, view: RunView): RunOverlay {
  const byId = new Map<string, StepSummary[]>();
  for (const summary of view.steps) {
    const known = byId.get(summary.step_id) ?? [];
    known.push(summary);
    byId.set(summary.step_id, known);
  }
  const steps: StepOverlay[] = [];
  for (const place of outerFirst(diagram)) {
    const step = diagram.steps[place];
    const listed = (byId.get(step?.step_id ?? '') ?? []).filter(({ scope }) => isIn(diagram, place, scope));
    const owner = step === undefined || step.region === noLoop ? undefined : steps[step.region];
    steps[place] = listed.length > 0 ? aggregate(listed) : unlisted(owner);
  }
  markFailures(diagram, view, steps);
  return { view, steps, openIterations: countIterations(diagram, view) };
}

/** Whether a step of the graph runs in this scope; an inner step with its id runs in another. */
function isIn({ steps }: Diagram, place: number, scope: string): boolean {
  return (steps[steps[place]?.region ?? noLoop]?.step_id ?? null) === scopeOwner(scope);
}

/** A run keeps no statuses of the iteration that failed, but the error of its loop names the step. */
function markFailures(diagram: Diagram, view: RunView, steps: StepOverlay[]): void {
  for (const error of [view.error, ...view.steps.map((summary) => summary.error)]) {
    const failure = error === null ? null : failurePlace(error);
    const place = diagram.steps.findIndex(({ step_id }) => step_id === failure?.step_id);
    const overlay = steps[place];
    if (failure === null || overlay === undefined || !isIn(diagram, place, splitStepKey(failure.step).scope)) continue;
    if (overlay.status === 'failed') continue;
    const note = `${failure.step}: ${failure.cause === '' ? 'failed' : failure.cause}`.slice(0, maxNoteLength);
    steps[place] = { ...overlay, status: 'failed', notes: [note, ...overlay.notes] };
  }
}

/** Whether the run took an edge, inferred from the statuses of both ends; they do not reveal which ports fired. */
export function edgeProgress({ steps }: RunOverlay, edge: DiagramEdge): EdgeProgress {
  const from = steps[edge.from];
  const to = steps[edge.to];
  if (from === undefined || to === undefined || edge.isBack) return 'open';
  const reached = to.status !== 'skipped' && to.status !== 'pending' && to.status !== 'over';
  if (reached && hasFired(from, edge)) return 'taken';
  const isSettled = from.status === 'skipped' || from.status === 'cancelled' || to.status === 'skipped';
  return isSettled || (from.status === 'completed' && edge.isError) ? 'idle' : 'open';
}

function hasFired(from: StepOverlay, edge: DiagramEdge): boolean {
  if (edge.isError) return from.status === 'failed' || from.counts.has('failed');
  if (edge.from_port === 'body') return from.status !== 'pending' && from.status !== 'skipped';
  return from.status === 'completed' || from.counts.has('completed');
}

/** All statuses that appear in the picture, in the order of the contract. */
export function statusesShown({ steps }: RunOverlay): ShownStatus[] {
  const shown = new Set<ShownStatus>();
  for (const step of steps) {
    shown.add(step.status);
    for (const status of step.counts.keys()) shown.add(status);
  }
  return [...stepStatuses, 'over' as const].filter((status) => shown.has(status));
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Loops before their contents. */
function outerFirst(diagram: Diagram): number[] {
  const depth = (step: number): number => {
    const region = diagram.steps[step]?.region ?? noLoop;
    return region === noLoop ? 0 : depth(region) + 1;
  };
  const depths = diagram.steps.map((_, step) => depth(step));
  return diagram.steps.map((_, step) => step).sort((a, b) => (depths[a] ?? 0) - (depths[b] ?? 0));
}

function aggregate(listed: readonly StepSummary[]): StepOverlay {
  const counts = new Map<StepStatus, number>();
  for (const status of stepStatuses) {
    const count = listed.filter((summary) => summary.status === status).length;
    if (count > 0) counts.set(status, count);
  }
  const inLoop = listed.some((summary) => summary.scope !== '');
  return {
    status: byUrgency.find((status) => counts.has(status)) ?? 'pending',
    attempts: listed.reduce((most, { attempt }) => Math.max(most, attempt), 0),
    counts: inLoop ? counts : new Map(),
    notes: listed.flatMap(notesOf).slice(0, 5),
  };
}

function notesOf({ scope, error, waiting_for }: StepSummary): string[] {
  const where = scope === '' ? '' : `${scope}: `;
  const notes: string[] = [];
  if (waiting_for !== undefined) notes.push(`${where}waits for ${waitingText(waiting_for)}`);
  if (error !== null) notes.push(`${where}${errorText(error)}`);
  return notes.map((note) => note.slice(0, maxNoteLength));
}

function unlisted(owner: StepOverlay | undefined): StepOverlay {
  return { status: statusWithin(owner?.status), attempts: 0, counts: new Map(), notes: [] };
}

/** A running loop may still execute its steps; for a finished one it is unknown whether they ran. */
function statusWithin(owner: ShownStatus | undefined): ShownStatus {
  switch (owner) {
    case 'completed':
    case 'failed':
    case 'over':
      return 'over';
    case 'skipped':
    case 'cancelled':
      return owner;
    default:
      return 'pending';
  }
}

function countIterations(diagram: Diagram, view: RunView): Map<number, number> {
  const scopes = new Map<string, Set<string>>();
  for (const { scope } of view.steps) {
    const iteration = splitIterationScope(scope);
    if (iteration === null) continue;
    const owner = splitStepKey(iteration.owner).step_id;
    const known = scopes.get(owner) ?? new Set();
    known.add(scope);
    scopes.set(owner, known);
  }
  const counts = new Map<number, number>();
  diagram.steps.forEach(({ step_id }, step) => {
    const open = scopes.get(step_id);
    if (open !== undefined) counts.set(step, open.size);
  });
  return counts;
}
