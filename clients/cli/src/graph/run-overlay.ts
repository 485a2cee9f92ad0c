import { type RunView, type StepStatus, type StepSummary, step_statuses } from '@llmteam/contracts';
import type { Diagram, DiagramEdge } from './diagram.js';
import { no_loop } from './loop-regions.js';

/** A step's status, or `over`: its loop has ended, and a run keeps no statuses of iterations that are over. */
export type ShownStatus = StepStatus | 'over';

export interface StepOverlay {
  readonly status: ShownStatus;
  /** Attempts so far; the most of any iteration. */
  readonly attempts: number;
  /** How many open iterations have the step in which status; empty outside loops. */
  readonly counts: ReadonlyMap<StepStatus, number>;
  /** What it waits for and why it failed, in words. */
  readonly notes: readonly string[];
}

/** How far a run has come, laid over its segment. */
export interface RunOverlay {
  readonly view: RunView;
  /** By step. */
  readonly steps: readonly StepOverlay[];
  /** Open iterations of each loop step. */
  readonly open_iterations: ReadonlyMap<number, number>;
}

export type EdgeProgress = 'taken' | 'idle' | 'open';

/** Of several iterations the one that most needs a look says what colour the box has. */
const by_urgency: readonly StepStatus[] = [
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
const longest_note = 500;

/** Statuses of steps the view does not list: those outside loops are pending, those inside depend on their loop. */
export function overlay_run(diagram: Diagram, view: RunView): RunOverlay {
  const by_id = new Map<string, StepSummary[]>();
  for (const summary of view.steps) {
    const known = by_id.get(summary.step_id) ?? [];
    known.push(summary);
    by_id.set(summary.step_id, known);
  }
  const steps: StepOverlay[] = [];
  for (const place of outer_first(diagram)) {
    const step = diagram.steps[place];
    const told = by_id.get(step?.step_id ?? '') ?? [];
    const owner = step === undefined || step.region === no_loop ? undefined : steps[step.region];
    steps[place] = told.length > 0 ? summed_up(told) : untold(owner);
  }
  return { view, steps, open_iterations: count_iterations(diagram, view) };
}

/** Whether the run went along an edge, as far as the statuses of its ends tell; which ports fired they do not. */
export function edge_progress({ steps }: RunOverlay, edge: DiagramEdge): EdgeProgress {
  const from = steps[edge.from];
  const to = steps[edge.to];
  if (from === undefined || to === undefined || edge.is_back) return 'open';
  const reached = to.status !== 'skipped' && to.status !== 'pending' && to.status !== 'over';
  if (reached && has_fired(from, edge)) return 'taken';
  const is_settled = from.status === 'skipped' || from.status === 'cancelled' || to.status === 'skipped';
  return is_settled || (from.status === 'completed' && edge.is_error) ? 'idle' : 'open';
}

function has_fired(from: StepOverlay, edge: DiagramEdge): boolean {
  if (edge.is_error) return from.status === 'failed' || from.counts.has('failed');
  if (edge.from_port === 'body') return from.status !== 'pending' && from.status !== 'skipped';
  return from.status === 'completed' || from.counts.has('completed');
}

/** Statuses some box is coloured by or counts, in the order of the contract. */
export function statuses_shown({ steps }: RunOverlay): ShownStatus[] {
  const shown = new Set<ShownStatus>();
  for (const step of steps) {
    shown.add(step.status);
    for (const status of step.counts.keys()) shown.add(status);
  }
  return [...step_statuses, 'over' as const].filter((status) => shown.has(status));
}

/** `850 ms`, `12.3 s`, `4 min 5 s`, `2 h 3 min`. */
export function duration_text(duration_ms: number): string {
  if (duration_ms < 1_000) return `${Math.round(duration_ms)} ms`;
  if (duration_ms < 59_950) return `${(duration_ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(duration_ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Loops before what is in them. */
function outer_first(diagram: Diagram): number[] {
  const depth = (step: number): number => {
    const region = diagram.steps[step]?.region ?? no_loop;
    return region === no_loop ? 0 : depth(region) + 1;
  };
  const depths = diagram.steps.map((_, step) => depth(step));
  return diagram.steps.map((_, step) => step).sort((a, b) => (depths[a] ?? 0) - (depths[b] ?? 0));
}

function summed_up(told: readonly StepSummary[]): StepOverlay {
  const counts = new Map<StepStatus, number>();
  for (const status of step_statuses) {
    const count = told.filter((summary) => summary.status === status).length;
    if (count > 0) counts.set(status, count);
  }
  const in_loop = told.some((summary) => summary.scope !== '');
  return {
    status: by_urgency.find((status) => counts.has(status)) ?? 'pending',
    attempts: told.reduce((most, { attempt }) => Math.max(most, attempt), 0),
    counts: in_loop ? counts : new Map(),
    notes: told.flatMap(notes_of).slice(0, 5),
  };
}

function notes_of({ scope, error, waiting_for }: StepSummary): string[] {
  const where = scope === '' ? '' : `${scope}: `;
  const notes: string[] = [];
  if (waiting_for !== undefined) notes.push(`${where}waits for ${waiting_for}`);
  if (error !== null) notes.push(`${where}${error.error_code}: ${error.error_message}`);
  return notes.map((note) => note.slice(0, longest_note));
}

function untold(owner: StepOverlay | undefined): StepOverlay {
  return { status: status_within(owner?.status), attempts: 0, counts: new Map(), notes: [] };
}

/** A loop that goes on may still bring its steps a turn; one that has ended had them, or not: nothing tells. */
function status_within(owner: ShownStatus | undefined): ShownStatus {
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

function count_iterations(diagram: Diagram, view: RunView): Map<number, number> {
  const scopes = new Map<string, Set<string>>();
  for (const { scope } of view.steps) {
    const owner = /(?:^|\/)([^/[\]]+)\[\d+\]$/.exec(scope)?.[1];
    if (owner === undefined) continue;
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
