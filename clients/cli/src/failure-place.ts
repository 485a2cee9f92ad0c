/** Where a failure inside a loop comes from: the engine puts it into the details of the loop's error. */
import type { ErrorInfo } from '@llmteam/contracts';

export interface FailurePlace {
  /** The step key, e.g. `each[3]/fetch`. */
  readonly step: string;
  readonly step_id: string;
  /** Which item or iteration failed, counted from 0; null if it is not told. */
  readonly iteration: number | null;
  /** `CODE: message`; empty if it is not told. */
  readonly cause: string;
}

/** Null if the error does not come from inside a loop. Loops in loops name the innermost step. */
export function failurePlace({ details }: ErrorInfo): FailurePlace | null {
  const { failed_step, iteration, cause } = details ?? {};
  if (typeof failed_step !== 'string' || failed_step === '') return null;
  const { code, message } = (typeof cause === 'object' && cause !== null ? cause : {}) as Record<string, unknown>;
  return {
    step: failed_step,
    step_id: failed_step.slice(failed_step.lastIndexOf('/') + 1),
    iteration: typeof iteration === 'number' ? iteration : null,
    cause: typeof code === 'string' ? `${code}: ${typeof message === 'string' ? message : ''}` : '',
  };
}

/** `CODE: message`, and for a failure inside a loop the step and the item. */
export function errorText(error: ErrorInfo): string {
  const own = `${error.error_code}: ${error.error_message}`;
  const place = failurePlace(error);
  if (place === null) return own;
  const item = place.iteration === null ? '' : `, item ${place.iteration} counted from 0`;
  const cause = place.cause === '' || error.error_message.includes(place.cause) ? '' : `: ${place.cause}`;
  return `${own} (in step ${place.step}${item}${cause})`;
}
