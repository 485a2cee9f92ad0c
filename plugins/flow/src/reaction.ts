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
import { kindOf } from './json.js';

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
  const message = `iteration with index ${index} failed: ${cause.error_code}: ${cause.error_message}`;
  return fail('ITERATION_FAILED', message, { index, cause: errorJson(cause) });
}

/** The error as a JSON value, for ports and `details`. */
export function errorJson(error: ErrorInfo): JsonObject {
  return { ...error };
}
