import type { WaitingFor } from '@llmteam/contracts';
import { shownTime } from './durations.js';

/** Short description of what a step waits for. */
export function waitingText(waitingFor: WaitingFor): string {
  switch (waitingFor.kind) {
    case 'worker':
      return `a worker for ${waitingFor.queue}`;
    case 'slot':
      return 'a free slot among the jobs in flight';
    case 'retry':
      return `its next attempt at ${shownTime(Date.parse(waitingFor.due_at))}`;
    case 'resume':
      return 'resume';
    case 'timer':
      return `timer ${waitingFor.name} at ${shownTime(Date.parse(waitingFor.due_at))}`;
    case 'signal':
      return waitingFor.correlation === null
        ? `signal ${waitingFor.name}`
        : `signal ${waitingFor.name} (${waitingFor.correlation})`;
    case 'task':
      return `task ${waitingFor.task_id}`;
    case 'child_run':
      return `run ${waitingFor.run_id}`;
    default:
      return unknownKind(waitingFor);
  }
}

/** A gateway of another version may know kinds that this command does not, or tell it in words. */
function unknownKind(waitingFor: unknown): string {
  if (typeof waitingFor === 'string') return waitingFor;
  const { kind } = (waitingFor ?? {}) as { readonly kind?: unknown };
  return typeof kind === 'string' ? kind : 'something unknown';
}
