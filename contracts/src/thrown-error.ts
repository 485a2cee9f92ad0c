import { caps } from './caps.js';
import { type Code, type ErrorInfo, errorInfo, isLlmteamError } from './errors.js';
import type { JsonObject } from './json.js';

/** Removes secrets from a text; `isCut`: it is the beginning of a longer one. */
export type RedactText = (text: string, how: { readonly isCut: boolean }) => string;

/**
 * The parts of a thrown value that may be journaled. Total: whatever was thrown, even something that cannot be read, becomes one error of
 * bounded size. `fallback` is the code for errors without one; `redact` is applied to the message.
 */
export function toErrorInfo(thrown: unknown, fallback: Code = 'STEP_FAILED', redact?: RedactText): ErrorInfo {
  try {
    return described(thrown, fallback, redact ?? ((text) => text));
  } catch {
    return { ...errorInfo(fallback, 'a value was thrown that cannot be read'), error_type: 'unknown' };
  }
}

function described(thrown: unknown, fallback: Code, redact: RedactText): ErrorInfo {
  const isOurs = isLlmteamError(thrown);
  const isError = isOurs || thrown instanceof Error;
  const { text, isCut } = cutText(isError ? String(thrown.message) : shown(thrown));
  const message = redact(text, { isCut });
  const errorType = isError ? nameOf(thrown.name, 'Error') : typeof thrown;
  if (!isOurs) return { ...errorInfo(fallback, message), error_type: errorType };
  const info = {
    error_type: errorType,
    error_code: nameOf(thrown.code, fallback),
    error_message: message,
    recoverable: thrown.recoverable === true,
  };
  return thrown.details === undefined ? info : { ...info, details: boundedDetails(thrown.details) };
}

/** What somebody threw instead of an error. An object shows its message or its members, not `[object Object]`. */
function shown(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message } = thrown as { readonly message?: unknown };
  return typeof message === 'string' ? message : (JSON.stringify(thrown) ?? String(thrown));
}

function nameOf(name: unknown, fallback: string): string {
  return typeof name === 'string' && name !== '' ? name.slice(0, 128) : fallback;
}

function cutText(text: string): { text: string; isCut: boolean } {
  if (text.length * 3 <= caps.error_message_bytes) return { text, isCut: false };
  const room = new Uint8Array(caps.error_message_bytes);
  const { read } = new TextEncoder().encodeInto(text, room);
  return { text: text.slice(0, read), isCut: read < text.length };
}

/** A plain copy, or what it says instead: details are for people and never worth more than the error itself. */
function boundedDetails(details: unknown): JsonObject {
  const limit = caps.error_details_bytes;
  try {
    const text = JSON.stringify(details);
    const bytes = text.length * 3 <= limit ? 0 : new TextEncoder().encode(text).length;
    if (bytes > limit) return { omitted: `${bytes} bytes of details; at most ${limit} are kept` };
    const copy: unknown = JSON.parse(text);
    if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy as JsonObject;
    return { omitted: 'details that are not an object' };
  } catch {
    return { omitted: 'details that cannot be written as JSON' };
  }
}
