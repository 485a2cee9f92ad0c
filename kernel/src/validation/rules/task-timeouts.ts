import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import { problem } from '../wording.js';

const task_type = 'human_task';
/** What holds where the segment or the step says nothing. */
const run_timeout_seconds = 300;
const task_timeout_hours = 24;

/** People are slower than the default time-out of a run. */
export const task_timeouts: Rule = function* ({ draft }) {
  const run_seconds = draft.params.timeout_seconds === undefined ? run_timeout_seconds : draft.params.timeout_seconds;
  if (typeof run_seconds !== 'number') return;
  for (const step of draft.steps) {
    const hours = task_hours(step);
    if (hours === null || hours * 3_600 <= run_seconds) continue;
    const path = step.config?.timeout_hours === undefined ? step.pointer : `${step.pointer}/config/timeout_hours`;
    const times = `the run times out after ${run_seconds} s, before the task's ${hours} h`;
    const message = `${step.subject}: ${times}; set params.timeout_seconds to null`;
    yield problem('warning', 'LIMIT_EXCEEDED', path, message);
  }
};

function task_hours({ entry, config }: DraftStep): number | null {
  if (entry?.metadata.type_id !== task_type || config === null) return null;
  const hours = config.timeout_hours ?? task_timeout_hours;
  return typeof hours === 'number' ? hours : null;
}
