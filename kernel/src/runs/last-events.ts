import { type RunEvent, type RunEventOf, stepKey } from '@llmteam/contracts';

/** After these a step does nothing more. */
const finalEvents: ReadonlySet<string> = new Set(['step.completed', 'step.failed', 'step.skipped', 'step.cancelled']);

/** Of a history, what is still going on: the last event that changed each unfinished step, its last retry, and the pause of the run. */
export class LastEvents {
  /** By step key. */
  readonly steps = new Map<string, RunEvent>();
  readonly retries = new Map<string, RunEventOf<'step.retrying'>>();
  /** Who is to answer, by the id of the task. */
  readonly assignees = new Map<string, string>();
  pause: RunEventOf<'segment.paused'> | null = null;

  take(event: RunEvent): void {
    if (event.event_type === 'segment.paused') this.pause = event;
    else if (event.event_type === 'segment.resumed') this.pause = null;
    this.takeTask(event);
    if (event.step_id === null || !event.event_type.startsWith('step.')) return;
    const step = stepKey(event.scope, event.step_id);
    if (finalEvents.has(event.event_type)) {
      this.steps.delete(step);
      this.retries.delete(step);
      return;
    }
    this.steps.set(step, event);
    if (event.event_type === 'step.retrying') this.retries.set(step, event);
  }

  private takeTask({ event_type, payload }: RunEvent): void {
    switch (event_type) {
      case 'human.task_assigned':
      case 'human.task_escalated':
        this.assignees.set(payload.task_id, payload.assignee);
        return;
      case 'human.task_unassigned':
      case 'human.task_completed':
        this.assignees.delete(payload.task_id);
    }
  }
}
