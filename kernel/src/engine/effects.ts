import type { ChildEnded, HumanTask, Job, Json, RunEnded } from '@llmteam/contracts';

/**
 * What `evolve` wants done. Every effect has ids derived from the run, so that doing it twice changes nothing.
 * `notify_parent` must be kept before `record_end` is performed: a recorded end is never looked at again.
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
      /** `seq` of the run when it wants this: tells a second pause from a repeat of the first. */
      readonly seq: number;
      /** When it wants this; epoch milliseconds. */
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
  readonly trace_id: string;
  /** When it is asked for; epoch milliseconds. */
  readonly at: number;
  /** The parent's; the child ends no later. */
  readonly deadline_at: number | null;
}
