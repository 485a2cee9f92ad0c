import { type ControlType, type ControlView, type InnerStep, LlmteamError, toErrorInfo } from '@llmteam/contracts';
import { asObject } from '../validation/draft.js';
import { jsonCopy } from './json-copy.js';
import { checkedReaction } from './reaction-check.js';

/**
 * A control type that is not ours: it sees copies, and what it says is checked before the engine acts on it. What cannot be held off is code
 * that does not return: a control type runs inside the engine.
 */
export function guardedControl(type: ControlType): ControlType {
  const { catchesFailures, innerSteps, ports } = type;
  const { output_ports } = type.metadata;
  const fires = (name: string, view: ControlView<unknown, unknown>): boolean =>
    output_ports.some((port) => port.name === name || port.name === '*') ||
    portsOf(type, view.config).output.includes(name);
  return {
    ...type,
    ...(catchesFailures && {
      catchesFailures: (config) => orElse(false, () => type.catchesFailures?.(config) === true),
    }),
    ...(ports && { ports: (config) => portsOf(type, config) }),
    ...(innerSteps && { innerSteps: (config) => innerStepsOf(type, config) }),
    react(occurrence, view) {
      const seen = { ...copied(view), evaluate: view.evaluate };
      const returned: unknown = orCode(type, () => type.react(jsonCopy(occurrence), seen));
      forgetRejection(returned);
      return checkedReaction(returned, seen.state, (name) => fires(name, view));
    },
  };
}

/** An error without a code names the type. */
function orCode<T>({ metadata }: ControlType, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    forgetRejection(thrown);
    const { error_type, error_code, error_message, recoverable, details } = toErrorInfo(thrown, 'PLUGIN_FAILED');
    const message =
      error_code === 'PLUGIN_FAILED' ? `control type '${metadata.type_id}' threw: ${error_message}` : error_message;
    const error = new LlmteamError(error_code, message, { recoverable, ...(details && { details }) });
    error.name = error_type;
    throw error;
  }
}

/** A promise is no reaction; that it rejects must not end the process. */
function forgetRejection(value: unknown): void {
  if (value instanceof Promise) value.catch(() => undefined);
}

function copied({ config, input, state, now }: ControlView<unknown, unknown>) {
  return { config: jsonCopy(config), input: jsonCopy(input), state: jsonCopy(state), now };
}

/** The names that it derives from a config; none if it throws. The validator tells those that are not names. */
function portsOf(type: ControlType, config: unknown): { input: readonly string[]; output: readonly string[] } {
  const { input = [], output = [] } = orElse({}, () => type.ports?.(jsonCopy(config) as never) ?? {});
  return { input: namesOf(input), output: namesOf(output) };
}

/** What it derives from a config; nothing if it throws. The validator tells what is wrong with one. */
function innerStepsOf(type: ControlType, config: unknown): InnerStep[] {
  const told = orElse<unknown>([], () => type.innerSteps?.(jsonCopy(config) as never));
  const steps = orElse<unknown>([], () => jsonCopy(told));
  return Array.isArray(steps) ? steps.filter(isInnerStep) : [];
}

function isInnerStep(step: Partial<Record<keyof InnerStep, unknown>> | null): step is InnerStep {
  const { step_id, type, config, at = '' } = step ?? {};
  return [step_id, type, at].every((text) => typeof text === 'string') && asObject(config) !== null;
}

function namesOf(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}

function orElse<T>(fallback: T, work: () => T): T {
  try {
    const value = work();
    forgetRejection(value);
    return value;
  } catch {
    return fallback;
  }
}
