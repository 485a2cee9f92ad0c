/** Which step a failure comes from: the engine puts it into the details of the error. */
import type { ErrorInfo, Json } from '@llmteam/contracts';

export interface FailurePlace {
  /** The step key, e.g. `each[3]/fetch`: the item is in brackets, counted from 0. */
  readonly step: string;
  readonly step_id: string;
  /** `CODE: message` of the step; empty if it is not told. */
  readonly cause: string;
}

/** Null if the error does not name the step it comes from. Loops in loops name the innermost step. */
export function failurePlace({ details }: ErrorInfo): FailurePlace | null {
  const step = details?.failed_step;
  if (typeof step !== 'string' || step === '') return null;
  return { step, step_id: step.slice(step.lastIndexOf('/') + 1), cause: causeOf(details?.cause) };
}

/** Errors of nested loops are causes of each other; the last one is of the step. */
function causeOf(cause: Json | undefined): string {
  if (typeof cause !== 'object' || cause === null || Array.isArray(cause)) return '';
  const { error_code, error_message, details } = cause as Partial<ErrorInfo>;
  const inner = causeOf(details?.cause);
  if (inner !== '' || error_code === undefined) return inner;
  return `${error_code}: ${error_message ?? ''}`;
}

/** `CODE: message`, and the step and its error unless the message names them. */
export function errorText(error: ErrorInfo): string {
  const own = `${error.error_code}: ${error.error_message}`;
  const place = failurePlace(error);
  if (place === null || own.includes(place.step)) return own;
  return `${own} (in step ${place.step}${place.cause === '' ? '' : `: ${place.cause}`})`;
}
