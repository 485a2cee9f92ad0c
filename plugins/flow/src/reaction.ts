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

/** The occurrence does not concern the step; it goes on as it was. */
export const nothing: Reaction<never> = Object.freeze({ directives: Object.freeze([]) });

/** Ends the step: these ports fire. `before` is done first. */
export function complete(ports: FiredPorts, before: readonly Directive[] = []): Reaction<never> {
  return { directives: [...before, { do: 'complete', ports }] };
}

/** Ends the step with an error. */
export function fail(code: Code, message: string, details?: JsonObject): Reaction<never> {
  return { directives: [{ do: 'fail', error: errorInfo(code, message, details) }] };
}

/** An expression gave another kind of value than the step can use. */
export function wrongResult(pointer: string, expected: string, given: Json): Reaction<never> {
  return fail('EXPRESSION_FAILED', `config ${pointer}: must give ${expected}, gave ${kindOf(given)}`, { pointer });
}

/** A config value that came out of `${…}` and does not fit. */
export function wrongConfig(pointer: string, expected: string, given: Json): Reaction<never> {
  const shown = JSON.stringify(given);
  const short = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  return fail('STEP_CONFIG_INVALID', `config ${pointer}: must be ${expected}, is ${short}`, { pointer });
}

/** An iteration failed and that is not tolerated. */
export function iterationFailed(index: number, cause: ErrorInfo): Reaction<never> {
  const message = `iteration with index ${index} failed: ${cause.error_code}: ${cause.error_message}`;
  return fail('ITERATION_FAILED', message, { index, cause: errorJson(cause) });
}

/** The same as a JSON value, for ports and details. */
export function errorJson(error: ErrorInfo): JsonObject {
  return { ...error };
}
