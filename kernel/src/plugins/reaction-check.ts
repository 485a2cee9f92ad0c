/** Checks what a control type returns: the engine applies it as it is. */
import {
  type Directive,
  ErrorInfo,
  type EventType,
  eventCatalog,
  type Json,
  LlmteamError,
  type Reaction,
  TaskRequest,
} from '@llmteam/contracts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { sizeFault } from '../large-values/rough-size.js';
import { jsonFault } from '../runtime/json-guard.js';
import { makeAjv } from '../validation/schemas/ajv.js';
import { jsonCopy } from './json-copy.js';

/** More than any step needs to say at once. */
const mostDirectives = 10_000;

const text = { type: 'string', maxLength: 256 } as const;
const any = {};
const index = { type: 'integer', minimum: 0 } as const;
const record = { type: 'object' } as const;

type Members = Readonly<Record<string, object>>;

const members: Readonly<Record<Exclude<Directive['do'], 'emit'>, { must: Members; may?: Members }>> = {
  complete: { must: { ports: record } },
  fail: { must: { error: ErrorInfo } },
  open_scope: { must: { index, value: any, item: any } },
  close_scope: { must: { index } },
  run_step: { must: { step_id: text, index, input: any } },
  cancel_step: { must: { index } },
  start_timer: {
    must: { name: text },
    may: { after_seconds: { type: 'number', minimum: 0, maximum: 1e10 }, at: { type: 'integer', minimum: 0 } },
  },
  stop_timer: { must: { name: text } },
  wait_signal: { must: { name: text, correlation: { type: ['string', 'null'], maxLength: 256 } } },
  open_task: { must: { task: TaskRequest } },
  escalate_task: { must: { assignee: text, due_at: { type: ['integer', 'null'] } } },
  start_child: { must: { segment_ref: text, input: any } },
  cancel_upstream: { must: {} },
};

/**
 * The reaction as a plain copy. `seenState`: the state that the type was shown and may have changed. `firesPort`: whether the step has an
 * output port.
 * @throws LlmteamError `STEP_RESULT_INVALID` naming what is wrong
 */
export function checkedReaction(
  returned: unknown,
  seenState: unknown,
  firesPort: (name: string) => boolean,
): Reaction<unknown> {
  const reaction = jsonCopy(returned) as Partial<Reaction<unknown>> | null;
  const { directives, state = jsonCopy(seenState) } = reaction ?? {};
  if (!Array.isArray(directives)) throw invalid('it must return {directives: […]}, at once and not as a promise');
  if (directives.length > mostDirectives) throw invalid(`it returned more than ${mostDirectives} directives`);
  const fault = jsonFault(state === undefined ? { directives } : { state, directives });
  if (fault !== null) throw invalid(`its reaction is not JSON: ${fault}`);
  const excess = sizeFault({ state: (state ?? null) as Json, directives: directives as unknown as Json });
  if (excess !== null) throw new LlmteamError('LIMIT_EXCEEDED', `control type: its reaction ${excess}`);
  for (const [at, directive] of directives.entries()) checkDirective(directive, at, firesPort);
  if (directives.slice(0, -1).some(ends)) throw invalid('it returned directives after the end of the step');
  return state === undefined ? { directives } : { state, directives };
}

/** Whether a directive ends its step. */
export function ends({ do: what }: Directive): boolean {
  return what === 'complete' || what === 'fail';
}

function checkDirective(directive: Directive, at: number, firesPort: (name: string) => boolean): void {
  const place = `directives[${at}]`;
  const check = checks().get(directive?.do);
  if (check === undefined) throw invalid(`${place} has no known \`do\`: ${JSON.stringify(directive?.do ?? null)}`);
  if (check(directive as unknown) !== true) {
    const [first] = check.errors ?? [];
    throw invalid(
      `${place} (${directive.do}): ${`${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'}`.trim()}`,
    );
  }
  if (directive.do === 'start_timer' && (directive.at === undefined) === (directive.after_seconds === undefined)) {
    throw invalid(`${place} (start_timer) needs exactly one of after_seconds and at`);
  }
  if (directive.do === 'emit') return checkEvent(directive.event_type, directive.payload, place);
  if (directive.do !== 'complete') return;
  const unknown = Object.keys(directive.ports).find((name) => !firesPort(name));
  if (unknown !== undefined)
    throw invalid(`${place} fires port '${unknown.slice(0, 128)}', which the step does not have`);
}

function checkEvent(type: EventType, payload: unknown, place: string): void {
  if (!Object.hasOwn(eventCatalog, type)) throw invalid(`${place} emits an unknown event type`);
  if (!payloads(type)(payload)) throw invalid(`${place} emits '${type}' with a wrong payload`);
}

const compiled: { directives?: Map<string, ValidateFunction>; payloads: Map<string, ValidateFunction> } = {
  payloads: new Map(),
};

function checks(): Map<string, ValidateFunction> {
  compiled.directives ??= new Map(
    [...Object.entries(members), ['emit', emitted] as const].map(([name, { must, may = {} }]) => {
      const schema = { type: 'object', properties: { ...must, ...may }, required: Object.keys(must) };
      return [name, makeAjv().compile(schema)];
    }),
  );
  return compiled.directives;
}

const emitted: { must: Members; may?: Members } = {
  must: { event_type: text, payload: record },
  may: { severity: { enum: ['debug', 'info', 'warning', 'error'] } },
};

function payloads(type: EventType): ValidateFunction {
  const known = compiled.payloads.get(type) ?? makeAjv().compile(eventCatalog[type].payload);
  compiled.payloads.set(type, known);
  return known;
}

function invalid(what: string): LlmteamError {
  return new LlmteamError('STEP_RESULT_INVALID', `control type: ${what}`);
}
