import {
  type Code,
  type Directive,
  type ErrorInfo,
  errorInfo,
  type FiredPorts,
  type Json,
  type JsonObject,
  type Reaction,
} from '@llmteam/contracts';
import { isObject, kindOf } from './json.js';

/** Ignores the occurrence: the step's state does not change. */
export const nothing: Reaction<never> = Object.freeze({ directives: Object.freeze([]) });

/** Completes the step and fires these ports, after the `before` directives. */
export function complete(ports: FiredPorts, before: readonly Directive[] = []): Reaction<never> {
  return { directives: [...before, { do: 'complete', ports }] };
}

/** Fails the step. */
export function fail(code: Code, message: string, details?: JsonObject): Reaction<never> {
  return { directives: [{ do: 'fail', error: errorInfo(code, message, details) }] };
}

/** Fails the step because an expression evaluated to the wrong type. */
export function wrongResult(pointer: string, expected: string, given: Json): Reaction<never> {
  return fail('EXPRESSION_FAILED', `config ${pointer}: must give ${expected}, gave ${kindOf(given)}`, { pointer });
}

/** Fails the step because a config value evaluated from `${…}` is invalid. */
export function wrongConfig(pointer: string, expected: string, given: Json): Reaction<never> {
  const shown = JSON.stringify(given);
  const short = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  return fail('STEP_CONFIG_INVALID', `config ${pointer}: must be ${expected}, is ${short}`, { pointer });
}

/** Fails the step because of an iteration whose failure is not tolerated. */
export function iterationFailed(index: number, cause: ErrorInfo): Reaction<never> {
  return { directives: [{ do: 'fail', error: iterationError(index, cause) }] };
}

/** `details`: the `index` of the iteration, the key of the `failed_step` (of nested loops, the innermost) and its error as `cause`. */
export function iterationError(index: number, cause: ErrorInfo): ErrorInfo {
  const { failed_step = null, ...details } = cause.details ?? {};
  const first = firstCause(cause);
  const where = typeof failed_step === 'string' ? ` at step '${failed_step}'` : '';
  const message = `iteration with index ${index} failed${where}: ${first.error_code}: ${first.error_message}`;
  return errorInfo('ITERATION_FAILED', message, { index, failed_step, cause: errorJson(withDetails(cause, details)) });
}

function withDetails({ details: _, ...error }: ErrorInfo, details: JsonObject): ErrorInfo {
  return Object.keys(details).length === 0 ? error : { ...error, details };
}

/** The error at the bottom of nested failed iterations. */
function firstCause({
  error_code,
  error_message,
  details,
}: ErrorInfo): Pick<ErrorInfo, 'error_code' | 'error_message'> {
  const cause = details?.cause;
  if (error_code !== 'ITERATION_FAILED' || !isObject(cause)) return { error_code, error_message };
  return firstCause(cause as unknown as ErrorInfo);
}

/** The error as a JSON value, for ports and `details`. */
export function errorJson(error: ErrorInfo): JsonObject {
  return { ...error };
}
