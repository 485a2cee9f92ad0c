/**
 * Purpose: arguments of calls that a service writes as an object instead of its JSON text, as llama.cpp and TGI did for a while.
 * The SDK refuses them.
 */
import { type Json, type JsonObject, parseBoundedJson } from '@llmteam/contracts';
import { isObject } from '../schema-walk.js';

/** Quotes within a text are escaped, so no text looks like this. */
const asObject = /"arguments"\s*:\s*\{/;

/** `inner`, whose answers of the chat completions API have text for arguments. Answers in several lines are left as they are. */
export function textArguments(inner: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await inner(input, init);
    if (!response.ok || response.body === null) return response;
    const { status, statusText, headers } = response;
    const body = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(byLine())
      .pipeThrough(new TextEncoderStream());
    return new Response(body, { status, statusText, headers });
  };
}

/** A line is passed on when its end has come; the ends of lines stay what they are. */
function byLine(): TransformStream<string, string> {
  let held: string[] = [];
  return new TransformStream({
    transform(chunk, controller) {
      const end = Math.max(chunk.lastIndexOf('\n'), chunk.lastIndexOf('\r')) + 1;
      held.push(chunk.slice(0, end));
      if (end > 0) {
        controller.enqueue(held.join('').replaceAll(/[^\r\n]+/g, mended));
        held = [];
      }
      held.push(chunk.slice(end));
    },
    flush: (controller) => controller.enqueue(mended(held.join(''))),
  });
}

function mended(line: string): string {
  if (!asObject.test(line)) return line;
  const [prefix = ''] = /^(?:data:)?/.exec(line) ?? [];
  const json = line.slice(prefix.length);
  try {
    // What would be rounded stays as it is, and is refused.
    parseBoundedJson(json);
    return `${prefix}${JSON.stringify(JSON.parse(json, calledWithText))}`;
  } catch {
    return line;
  }
}

function calledWithText(key: string, value: Json): Json {
  if (key !== 'function' || !isObject(value) || !isObject(value.arguments)) return value;
  return { ...value, arguments: JSON.stringify(value.arguments) } satisfies JsonObject;
}
