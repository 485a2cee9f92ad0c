import type { ToolCall } from '@llmteam/contracts';

/** The arguments of a call that is told to the service again. Services take an object only; for any other text it is empty. */
export function parsedArguments({ arguments: text }: ToolCall): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}
