/**
 * What a handler returned or threw, as it is journaled: total, bounded, without secrets. Whatever a handler does, its attempt gets exactly
 * one report.
 */
import {
  type ErrorInfo,
  errorInfo,
  type FiredPorts,
  type Job,
  type JsonObject,
  LlmteamError,
  toErrorInfo,
} from '@llmteam/contracts';
import type { CatalogEntry } from '../catalog/step-catalog.js';
import { sizeFault } from '../large-values/rough-size.js';
import type { SecretRedactor } from '../redaction/secret-redactor.js';
import { ClosestName } from '../validation/closest-name.js';
import { hint } from '../validation/wording.js';
import { jsonFault, withoutUndefined } from './json-guard.js';
import { notPorts } from './returned-ports.js';

export type AttemptResult = { readonly ports: FiredPorts } | { readonly error: ErrorInfo };

/** The error of whatever was thrown. */
export function guardedError(thrown: unknown, redactor: SecretRedactor): ErrorInfo {
  const redact = (text: string, { isCut }: { readonly isCut: boolean }) =>
    isCut ? redactor.cutText(text) : redactor.text(text);
  const info = toErrorInfo(thrown, 'STEP_FAILED', redact);
  const fault = info.details === undefined ? null : jsonFault(info.details);
  const details: JsonObject = { omitted: `details that cannot be stored: ${fault}` };
  return redactor.json(fault === null ? info : { ...info, details });
}

/** What only the runtime can know. */
const codesOfRuntime: ReadonlySet<string> = new Set([
  'CANCELLED',
  'WORKER_LOST',
  'NO_WORKER',
  'STEP_TIMEOUT',
  'STEP_CRASHED',
  'RUN_TIMEOUT',
  'TASK_TIMEOUT',
  'ITERATION_FAILED',
  'BRANCHES_FAILED',
  'CHILD_RUN_FAILED',
  'INTERNAL',
]);

/** An error of a handler that was not told to stop: it has failed, whatever it says of the runtime. */
export function handlersError(thrown: unknown, signal: () => AbortSignal): unknown {
  const { error_code, error_message, recoverable } = toErrorInfo(thrown);
  if (!codesOfRuntime.has(error_code) || signal().aborted) return thrown;
  const details = { code: error_code };
  return new LlmteamError('STEP_FAILED', error_message, { cause: thrown, recoverable, details });
}

/** The ports a handler fired, or what is wrong with them. */
export function guardedPorts(
  returned: unknown,
  job: Job,
  entry: CatalogEntry,
  redactor: SecretRedactor,
): AttemptResult {
  try {
    return checkedPorts(returned, job, entry, redactor);
  } catch (thrown) {
    // The value itself throws when it is read.
    const { error_message } = toErrorInfo(thrown);
    return invalid(job, redactor.text(`returned a value that cannot be read: ${error_message}`));
  }
}

function checkedPorts(returned: unknown, job: Job, entry: CatalogEntry, redactor: SecretRedactor): AttemptResult {
  if (typeof returned !== 'object' || returned === null || Array.isArray(returned)) {
    return invalid(job, notPorts(returned));
  }
  const fired = withoutUndefined(returned) as FiredPorts;
  const known = entry.metadata.output_ports;
  for (const name of Object.keys(fired)) {
    if (known.some((port) => port.name === name || port.name === '*')) continue;
    if (!job.extra_ports?.includes(name))
      return invalid(job, firedUnknown(redactor.text(name).slice(0, 128), job, entry));
  }
  const fault = jsonFault(fired);
  // It names the keys that lead to the place.
  if (fault !== null) return invalid(job, redactor.text(`returned a value that is not JSON: ${fault}`));
  const wrong = entry.ports.outputFault(fired);
  if (wrong !== null) return invalid(job, redactor.text(wrong));
  const clean = redactor.json(fired);
  const excess = sizeFault(clean);
  if (excess === null) return { ports: clean };
  return { error: errorInfo('LIMIT_EXCEEDED', `the result of step '${job.step_id}' ${excess}`) };
}

function firedUnknown(name: string, { extra_ports = [] }: Job, { metadata }: CatalogEntry): string {
  const names = [...metadata.output_ports.map((port) => port.name), ...extra_ports];
  return `fired port '${name}', which it does not have${hint(new ClosestName().find(name, names), names, 'it has')}`;
}

function invalid(job: Job, what: string): AttemptResult {
  return { error: errorInfo('STEP_RESULT_INVALID', `step '${job.step_id}' ${what}`) };
}
