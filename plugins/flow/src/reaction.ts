import {
  type Code,
  type Directive,
  type ErrorInfo,
  error_info,
  type FiredPorts,
  type Json,
  type JsonObject,
  type Reaction,
} from '@llmteam/contracts';
import { kind_of } from './json.js';

/** The occurrence does not concern the step; it goes on as it was. */
export const nothing: Reaction<never> = Object.freeze({ directives: Object.freeze([]) });

/** Ends the step: these ports fire. `before` is done first. */
export function complete(ports: FiredPorts, before: readonly Directive[] = []): Reaction<never> {
  return { directives: [...before, { do: 'complete', ports }] };
}

/** Ends the step with an error. */
export function fail(code: Code, message: string, details?: JsonObject): Reaction<never> {
  return { directives: [{ do: 'fail', error: error_info(code, message, details) }] };
}

/** An expression gave another kind of value than the step can use. */
export function wrong_result(pointer: string, expected: string, given: Json): Reaction<never> {
  return fail('EXPRESSION_FAILED', `config ${pointer}: must give ${expected}, gave ${kind_of(given)}`, { pointer });
}

/** A config value that came out of `${…}` and does not fit. */
export function wrong_config(pointer: string, expected: string, given: Json): Reaction<never> {
  const shown = JSON.stringify(given);
  const short = shown.length > 100 ? `${shown.slice(0, 100)}…` : shown;
  return fail('STEP_CONFIG_INVALID', `config ${pointer}: must be ${expected}, is ${short}`, { pointer });
}

/** An iteration failed and that is not tolerated. */
export function iteration_failed(index: number, cause: ErrorInfo): Reaction<never> {
  const message = `iteration with index ${index} failed: ${cause.error_code}: ${cause.error_message}`;
  return fail('ITERATION_FAILED', message, { index, cause: error_json(cause) });
}

/** The same as a JSON value, for ports and details. */
export function error_json(error: ErrorInfo): JsonObject {
  return { ...error };
}
