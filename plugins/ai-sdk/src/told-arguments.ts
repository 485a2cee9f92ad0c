import type { ToolCall } from '@llmteam/contracts';
import type { AnswerOptions } from './model-options.js';

/**
 * The arguments of a call that is told to the service again: an object, or the text of one. Services take no other value, so for any
 * other text it is an empty object.
 */
export function toldArguments({ arguments: text }: ToolCall, { takes_argument_text = false }: AnswerOptions): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
    return takes_argument_text ? text : value;
  } catch {
    return {};
  }
}
