import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { problem } from '../wording.js';

const taskType = 'human_task';
/** Defaults of the engine. */
const runTimeoutSeconds = 300;
const taskTimeoutHours = 24;

/** Warns if the run would time out before a human task does; the default run timeout is too short for people. */
export const taskTimeouts: Rule = function* ({ draft }) {
  const runSeconds = draft.params.timeout_seconds === undefined ? runTimeoutSeconds : draft.params.timeout_seconds;
  if (typeof runSeconds !== 'number') return;
  for (const step of draft.steps) {
    yield pause;
    const hours = taskHours(step);
    if (hours === null || hours * 3_600 <= runSeconds) continue;
    const path = step.config?.timeout_hours === undefined ? step.pointer : `${step.pointer}/config/timeout_hours`;
    const times = `the run times out after ${runSeconds} s, before the task's ${hours} h`;
    const message = `${step.subject}: ${times}; set params.timeout_seconds to null`;
    yield problem('warning', 'LIMIT_EXCEEDED', path, message);
  }
};

function taskHours({ entry, config }: DraftStep): number | null {
  if (entry?.metadata.type_id !== taskType || config === null) return null;
  const hours = config.timeout_hours ?? taskTimeoutHours;
  return typeof hours === 'number' ? hours : null;
}
