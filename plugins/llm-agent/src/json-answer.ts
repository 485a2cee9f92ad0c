/**
 * Purpose: finds the one JSON value in a model's answer.
 * Owns: what may be around it: a leading `<think>` block, a Markdown fence or half of one, words.
 * Does not own: repairing JSON that is broken, or choosing between values: neither is done.
 */
import { type Json, parseBoundedJson } from '@llmteam/contracts';

const fence = '```';

/**
 * @throws SyntaxError if there is no JSON value or more than one; any other Error if the value cannot be used.
 */
export function jsonIn(answer: string): Json {
  const text = answer.trim();
  for (const candidate of candidates(text)) {
    const value = parsed(candidate);
    if (value !== undefined) return value.json;
  }
  throw new SyntaxError('there is not exactly one JSON value');
}

function* candidates(text: string): Generator<string> {
  yield text;
  const said = withoutThoughts(text);
  if (said !== text) yield said;
  yield* fenced(said);
  yield* surrounded(said);
}

const beginning = /^\s*(?:[[{"\d-]|(?:true|false|null)\b)/;

/** Undefined if it is not JSON. */
function parsed(text: string): { readonly json: Json } | undefined {
  // In words and thoughts, large numbers and the like do no harm.
  if (!beginning.test(text)) return undefined;
  try {
    return { json: parseBoundedJson(text) };
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

const thoughtTag = /<(\/?)(?:think|thinking|thought|reasoning)>/gi;

/** What follows the thoughts; nothing if they do not end. Some services omit the opening tag. */
function withoutThoughts(text: string): string {
  const last = [...text.matchAll(thoughtTag)].at(-1);
  if (last === undefined) return text;
  return last[1] === '' ? '' : text.slice(last.index + last[0].length).trim();
}

const language = /^(?:json\w*(?=\s)|[A-Za-z]\w*(?=\r?\n))/i;

/** The content of the only fence, or the text without half a fence at its beginning or end. */
function fenced(text: string): string[] {
  const [before = '', inside, after, ...more] = text.split(fence);
  if (inside === undefined || more.length > 0) return [];
  if (after === undefined && inside.trim() === '') return [before];
  return isPlain(before) && isPlain(after ?? '') && (after !== undefined || before.trim() === '')
    ? [inside.replace(language, '')]
    : [];
}

/** The only object or list in a text. A number in brackets among words is a citation. */
function surrounded(text: string): string[] {
  const start = text.search(/[{[]/);
  const end = start < 0 ? undefined : endOfContainer(text, start);
  if (end === undefined) return [];
  const found = text.slice(start, end);
  const isAlone = isPlain(text.slice(0, start)) && isPlain(text.slice(end));
  return isAlone && !/^\[\s*\d+\s*\]$/.test(found) ? [found] : [];
}

/** Whether a text is only words: no part of a JSON value, and not the beginning of one. */
function isPlain(text: string): boolean {
  const quotes = text.split('"').length - 1;
  return !/[{}[\]]|"\s*:/.test(text) && quotes % 2 === 0;
}

/** The index after the object or list that starts at `start`; undefined if it does not end. */
function endOfContainer(text: string, start: number): number | undefined {
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '"') index = endOfString(text, index);
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return undefined;
}

/** The index of the closing quote; at least the text's length if there is none. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index;
}
