import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';

/**
 * Replaces `{name}` with the input's value for that key and `{input}` with the whole input, in a single pass: inserted text
 * is not expanded again. Other braces are literal, so JSON needs no escaping; `{{` … `}}` is a pair of single braces.
 * @throws LlmteamError `STEP_CONFIG_INVALID` naming a placeholder that the input has no value for.
 */
export function fillPrompt(template: string, input: Json, place: string): string {
  // Whether each open brace was doubled: only then is `}}` one escaped brace and not the end of two objects.
  const open: boolean[] = [];
  const token = /\{[A-Za-z_][A-Za-z0-9_]*\}|\{\{|\}\}|[{}]/g;
  let filled = '';
  let end = 0;
  for (let match = token.exec(template); match !== null; match = token.exec(template)) {
    filled += template.slice(end, match.index);
    const { text, length } = replaced(match[0], open, input, place);
    filled += text;
    end = match.index + length;
    token.lastIndex = end;
  }
  return filled + template.slice(end);
}

/** The replacement for a token, and how much of the token it consumes. */
function replaced(found: string, open: boolean[], input: Json, place: string): { text: string; length: number } {
  if (found === '{{' || found === '{') {
    open.push(found === '{{');
    return { text: '{', length: found.length };
  }
  if (found === '}}' || found === '}') {
    const doubled = open.pop() ?? true;
    return { text: '}', length: doubled ? found.length : 1 };
  }
  return { text: variableValue(found.slice(1, -1), input, place), length: found.length };
}

function variableValue(name: string, input: Json, place: string): string {
  if (name === 'input') return asText(input);
  if (isObject(input) && Object.hasOwn(input, name)) return asText(input[name] ?? null);
  const known = ['input', ...(isObject(input) ? Object.keys(input).slice(0, 20) : [])].map((key) => `{${key}}`);
  throw new LlmteamError(
    'STEP_CONFIG_INVALID',
    `\`${place}\` has the placeholder {${name}}, but the input has ${known.join(', ')}; write {{${name}}} for literal text`,
    { details: { placeholder: name } },
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Strings as is, anything else as JSON. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
