import { type Json, type JsonObject, LlmteamError } from '@llmteam/contracts';

/**
 * Fills `{name}` from the input's keys and `{input}` with the whole input, once: what is filled in is not read again.
 * Other braces stand for themselves, so JSON may be written as it is; `{{` … `}}` is a pair of single braces.
 * @throws LlmteamError `STEP_CONFIG_INVALID` naming a placeholder that the input has no value for.
 */
export function fillPrompt(template: string, input: Json, place: string): string {
  // For every open brace whether it was written doubled: only then is `}}` one brace and not the end of two objects.
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

/** What a token stands for, and how much of it was read. */
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
    `\`${place}\` has the placeholder {${name}}, but the input gives ${known.join(', ')}; {{${name}}} is the text`,
    { details: { placeholder: name } },
  );
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text as it is, all else as JSON. */
export function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
