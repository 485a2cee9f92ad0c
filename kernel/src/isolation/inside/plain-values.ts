/** Values of the plugin's code as texts that can be sent. Total: a fault is part of the answer. */
import { type ErrorInfo, errorInfo, type FiredPorts, toErrorInfo } from '@llmteam/contracts';
import { sizeFault } from '../../large-values/rough-size.js';
import { jsonCopy } from '../../plugins/json-copy.js';
import { jsonFault, withoutUndefined } from '../../runtime/json-guard.js';
import { notPorts } from '../../runtime/returned-ports.js';
import type { Outcome } from '../isolate-messages.js';
import { explained } from './refused-access.js';

/** JSON, or an error that says what is not JSON in it. */
export function plainOutcome<T>(subject: string, value: unknown): Outcome<T> {
  try {
    // Read once: a getter or a proxy cannot say something else when it is written.
    const clean = withoutUndefined(jsonCopy(value));
    const fault = jsonFault(clean);
    if (fault !== null) return { error: errorInfo('STEP_RESULT_INVALID', `${subject} is not JSON: ${fault}`) };
    const excess = sizeFault(clean as FiredPorts);
    if (excess !== null) return { error: errorInfo('LIMIT_EXCEEDED', `${subject} ${excess}`) };
    return { value: clean as T };
  } catch (thrown) {
    const { error_message } = toErrorInfo(thrown);
    return { error: errorInfo('STEP_RESULT_INVALID', `${subject} cannot be read: ${error_message}`) };
  }
}

/** What a handler fired. */
export function plainPorts(stepId: string, returned: unknown): Outcome<FiredPorts> {
  if (typeof returned === 'object' && returned !== null && !Array.isArray(returned)) {
    return plainOutcome(`the result of step '${stepId}'`, returned);
  }
  return { error: errorInfo('STEP_RESULT_INVALID', `step '${stepId}' ${notPorts(returned)}`) };
}

export function errorOf(thrown: unknown): { readonly error: ErrorInfo } {
  return { error: toErrorInfo(explained(thrown)) };
}
