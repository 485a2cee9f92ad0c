import type { ChildEnded, HumanTask, Job, Json, RunEnded } from '@llmteam/contracts';

/**
 * Side effects `evolve` asks for. Their ids are derived from the run, so performing one twice is idempotent.
 * `notify_parent` must be durable before `record_end` is performed: a run with a recorded end is never revisited.
 */
export type Effect =
  | { readonly kind: 'dispatch'; readonly job: Job }
  | { readonly kind: 'cancel_jobs'; readonly job_ids: readonly string[] }
  | { readonly kind: 'arm_timer'; readonly timer: string; readonly due_at: number }
  | { readonly kind: 'disarm_timer'; readonly timer: string }
  | StartChild
  | {
      readonly kind: 'control_child';
      readonly run_id: string;
      readonly action: 'cancel' | 'pause' | 'resume';
      /** The run's `seq` at the time; tells a second pause from a repeat of the first. */
      readonly seq: number;
      /** Time of the request; epoch milliseconds. */
      readonly at: number;
    }
  | { readonly kind: 'show_task'; readonly task: HumanTask }
  | { readonly kind: 'notify_parent'; readonly run_id: string; readonly fact: ChildEnded }
  | { readonly kind: 'record_end'; readonly fact: RunEnded };

export interface StartChild {
  readonly kind: 'start_child';
  readonly run_id: string;
  readonly segment_ref: string;
  readonly input: Json;
  /** Step key of the step that starts it. */
  readonly step: string;
  readonly depth: number;
  readonly instance_id: string;
  readonly correlation_id: string | null;
  /** Time of the request; epoch milliseconds. */
  readonly at: number;
  /** The parent's deadline; the child ends no later. */
  readonly deadline_at: number | null;
}
