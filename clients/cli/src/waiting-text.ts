import type { WaitingFor } from '@llmteam/contracts';

/** Short description of what a step waits for. */
export function waitingText(waitingFor: WaitingFor): string {
  switch (waitingFor.kind) {
    case 'worker':
      return `a worker for ${waitingFor.queue}`;
    case 'slot':
      return 'a free slot among the jobs in flight';
    case 'retry':
      return 'its next attempt';
    case 'resume':
      return 'resume';
    case 'timer':
      return `timer ${waitingFor.name}`;
    case 'signal':
      return `signal ${waitingFor.name}`;
    case 'task':
      return `task ${waitingFor.task_id}`;
    case 'child_run':
      return `run ${waitingFor.run_id}`;
  }
}
