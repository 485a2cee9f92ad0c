import type { ErrorInfo, RunEvent, RunRedacted, RunView, StepRecord } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import { viewRun } from '../engine/view.js';

/**
 * What stays of a run when its data is removed: generated ids, types, statuses, codes, times and usage; no value, no text, no name of a
 * person. What the caller chose as `correlation_id` and `instance_id` goes too: it may be an e-mail address.
 */
export function outlineOf(
  run: Run,
  steps: readonly StepRecord[],
  events: readonly RunEvent[],
): Pick<RunRedacted, 'request' | 'view' | 'steps' | 'events'> {
  const { forked_from: forkedFrom, metadata: _data, ...request } = run.state.request;
  const { input_overrides: _, ...source } = forkedFrom ?? {};
  return {
    request: {
      ...request,
      input: null,
      ...noChosenIds,
      ...(forkedFrom !== undefined && { forked_from: source as typeof forkedFrom }),
    },
    view: outlineOfView(viewRun(run)),
    steps: steps.map((step) => ({ ...step, error: outlineOfError(step.error) })),
    events: events.map(outlineOfEvent),
  };
}

const noChosenIds = { correlation_id: null, instance_id: 'redacted' } as const;

function outlineOfView(view: RunView): RunView {
  return {
    ...view,
    input: null,
    output: null,
    correlation_id: null,
    metadata: {},
    error: outlineOfError(view.error),
    steps: view.steps.map(({ waiting_for: _, ...step }) => ({ ...step, error: outlineOfError(step.error) })),
    redacted: true,
  };
}

function outlineOfEvent(event: RunEvent): RunEvent {
  const error = outlineOfError(event.error);
  return { ...event, ...noChosenIds, payload: {}, error, redacted: true } as RunEvent;
}

function outlineOfError(error: ErrorInfo | null): ErrorInfo | null {
  if (error === null) return null;
  const { details: _, ...rest } = error;
  return { ...rest, error_message: '[redacted]' };
}
