import {
  type ControlType,
  type Directive,
  type ErrorInfo,
  errorInfo,
  type FiredPorts,
  type Json,
  type JsonObject,
  LlmteamError,
  type Occurrence,
} from '@llmteam/contracts';
import * as assert from 'uvu/assert';

export interface Replaced {
  readonly input?: Json;
  readonly loop?: { readonly index: number; readonly item: Json };
}

/** The input of a step. */
export interface Setting {
  readonly config: JsonObject;
  readonly input?: Json;
  /** By JSON Pointer; any other pointer is an `EXPRESSION_FAILED`. */
  readonly expressions?: Readonly<Record<string, Json | ((replaced: Replaced) => Json)>>;
}

export interface Driven {
  /** Passes one occurrence to the type and returns its directives. */
  tell(occurrence: Occurrence): readonly Directive[];
  /** `tell` with the clock at `now`, epoch milliseconds. */
  tellAt(now: number, occurrence: Occurrence): readonly Directive[];
  /** The state of the type. */
  state(): unknown;
  /** Pointers in the order they were evaluated. */
  readonly evaluated: readonly string[];
}

/**
 * A control type with a fake engine that keeps its side of the contract: everything it passes is frozen except the
 * state, the state must be JSON, and a step that has ended gets no more occurrences. `forgetful` passes the state through
 * JSON text between occurrences, as a checkpoint does.
 */
export function drive(type: ControlType, setting: Setting, options: { forgetful?: boolean } = {}): Driven {
  const evaluated: string[] = [];
  const step: { state: unknown; ended: boolean } = { state: undefined, ended: false };
  const config = frozen(setting.config);
  const input = frozen(setting.input ?? null);

  function evaluate(pointer: string, replace: Replaced = {}): Json {
    evaluated.push(pointer);
    const value = setting.expressions?.[pointer];
    if (value === undefined) throw new LlmteamError('EXPRESSION_FAILED', `no expression at ${pointer}`);
    return frozen(typeof value === 'function' ? value(replace) : value);
  }

  function tellAt(now: number, occurrence: Occurrence): readonly Directive[] {
    if (step.ended) throw new Error(`'${occurrence.kind}' told to a step that has ended`);
    const reaction = type.react(frozen(occurrence), { config, input, state: step.state, now, evaluate });
    if (reaction.state !== undefined) step.state = kept(reaction.state, options.forgetful === true);
    step.ended = checkDirectives(reaction.directives);
    return reaction.directives;
  }

  return { tell: (occurrence) => tellAt(0, occurrence), tellAt, state: () => step.state, evaluated };
}

/** The ports of a step that completes with `directives`. */
export function fired(directives: readonly Directive[]): FiredPorts {
  const last = directives.at(-1);
  if (last?.do !== 'complete') throw new Error(`expected the step to complete, got ${JSON.stringify(directives)}`);
  return last.ports;
}

/** The error of a step that fails with `directives`. */
export function failure(directives: readonly Directive[]): ErrorInfo {
  const last = directives.at(-1);
  if (last?.do !== 'fail') throw new Error(`expected the step to fail, got ${JSON.stringify(directives)}`);
  return last.error;
}

/** Indexes and values of the scopes that `directives` open. */
export function opened(directives: readonly Directive[]): readonly { index: number; value: Json; item: Json }[] {
  return directives.flatMap((one) =>
    one.do === 'open_scope' ? [{ index: one.index, value: one.value, item: one.item }] : [],
  );
}

/** The most common occurrences. */
export const started: Occurrence = { kind: 'started' };

export function cameBack(index: number, value: Json): Occurrence {
  return { kind: 'scope_completed', index, value };
}

export function broke(index: number, error: ErrorInfo = errorInfo('HTTP_FAILED', 'no route')): Occurrence {
  return { kind: 'scope_failed', index, error };
}

/** Whether the step ends; it may end only once, with the last directive. */
function checkDirectives(directives: readonly Directive[]): boolean {
  const ends = directives.map((one) => one.do === 'complete' || one.do === 'fail');
  assert.not(ends.slice(0, -1).includes(true), 'directives after the end of the step');
  for (const one of directives) {
    if (one.do === 'start_timer') assert.is.not(one.at === undefined, one.after_seconds === undefined);
  }
  return ends.at(-1) ?? false;
}

function kept(state: unknown, forgetful: boolean): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(state));
  assert.equal(copy, state, 'the state is not JSON');
  return forgetful ? copy : state;
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
