/** Reads what the SDK drops from a service's response: the reason of an error sent with status 200, and a refusal. */
import type { RawAnswer } from './model-options.js';

/** Of an answer of the chat completions API, or one event of it. */
export function chatAnswer(raw: unknown, isEvent: boolean): RawAnswer {
  const failure = reasonIn(raw) ?? (isEvent && isWhole(raw) ? notStreamed : undefined);
  const refusal = refusalIn(raw);
  return { ...(failure !== undefined && { failure }), ...(refusal !== '' && { refusal }) };
}

const notStreamed = 'the service does not stream; set `stream` to false';

/** The reason of the error in a response or a chunk of a stream; undefined if there is none. */
export function reasonIn(raw: unknown): string | undefined {
  const choice = choiceOf(raw);
  const own = choice === undefined ? [raw, field(raw, 'detail')] : [];
  return [field(raw, 'error'), field(choice, 'error'), ...own].map(reasonOf).find((reason) => reason !== undefined);
}

/** Whether it is a whole answer, which is no part of a stream. */
function isWhole(raw: unknown): boolean {
  return field(choiceOf(raw), 'message') !== undefined;
}

/** The words, or a part of them, in which the model declines to answer. */
function refusalIn(raw: unknown): string {
  const choice = choiceOf(raw);
  const refusal = field(field(choice, 'message'), 'refusal') ?? field(field(choice, 'delta'), 'refusal');
  return typeof refusal === 'string' ? refusal : '';
}

/** Services send `"…"`, `{"message": "…"}`, or something else about it. */
function reasonOf(error: unknown): string | undefined {
  if (typeof error === 'string' && error !== '') return error;
  const message = field(error, 'message') ?? field(error, 'code') ?? field(error, 'type');
  return typeof message === 'string' || typeof message === 'number' ? String(message) : undefined;
}

function choiceOf(raw: unknown): unknown {
  const choices = field(raw, 'choices');
  return Array.isArray(choices) ? (choices as readonly unknown[])[0] : undefined;
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, key) as unknown) : undefined;
}
