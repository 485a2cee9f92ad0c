/**
 * Purpose: reads a JSON text once from left to right, before anything is built from it.
 * Owns: the grammar of RFC 8259, the limits, refused and repeated keys, line and column of whatever is wrong.
 * Does not own: the value; `JSON.parse` makes it afterwards and then has nothing to refuse.
 * Invariants:
 *   J1 Linear time, and no recursion: nesting lies in `frames`, whose length the depth limit bounds.
 *   J2 What passes survives `JSON.stringify`: no number beyond the range of a double, no depth that overflows the stack.
 */
import { Buffer } from 'node:buffer';
import { LlmteamError } from '@llmteam/contracts';
import { forbidden_keys, type JsonLimits } from './json-limits.js';

/** Is told of every value as it begins and ends; lines count from 1. */
export interface JsonVisitor {
  key(name: string): void;
  open(kind: 'object' | 'list', line: number): void;
  close(): void;
  scalar(line: number): void;
}

interface Frame {
  /** null: a list. */
  readonly keys: Set<string> | null;
  is_empty: boolean;
}

const code_of = (character: string): number => character.charCodeAt(0);
const quote = code_of('"');
const backslash = code_of('\\');
const comma = code_of(',');
const colon = code_of(':');
const open_object = code_of('{');
const close_object = code_of('}');
const open_list = code_of('[');
const close_list = code_of(']');
const line_feed = code_of('\n');

const number_pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literal_pattern = /true|false|null/y;
const escape_pattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** More digits than this, or an exponent, may be more than a double holds. */
const safe_digits = 300;

export class JsonScanner {
  private at = 0;
  private line = 1;
  private line_start = 0;
  private nodes = 0;
  private readonly frames: Frame[] = [];

  constructor(
    private readonly text: string,
    private readonly limits: JsonLimits,
    private readonly visitor: JsonVisitor | null,
  ) {}

  /** @throws LlmteamError `JSON_INVALID` at the first thing that is wrong. */
  scan(): void {
    this.value('a value');
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) this.member(frame);
    this.skip_space();
    if (this.at < this.text.length) this.fail_expecting('nothing after the value');
  }

  /** The next member of the innermost object or list, or its end. */
  private member(frame: Frame): void {
    const closer = frame.keys === null ? close_list : close_object;
    const code = this.next_code();
    if (code === closer) {
      this.at++;
      this.frames.pop();
      this.visitor?.close();
      return;
    }
    if (!frame.is_empty) {
      if (code !== comma) this.fail_expecting(`',' or '${String.fromCharCode(closer)}'`);
      this.at++;
    }
    const first = frame.is_empty;
    frame.is_empty = false;
    const or_end = first ? ` or '${String.fromCharCode(closer)}'` : '';
    if (frame.keys !== null) this.key(frame.keys, or_end);
    this.value(`a value${frame.keys === null ? or_end : ''}`);
  }

  private key(keys: Set<string>, or_end: string): void {
    if (this.next_code() !== quote) this.fail_expecting(`a key in double quotes${or_end}`);
    const start = this.at;
    const has_escape = this.skip_string('key');
    const written = this.text.slice(start, this.at);
    const name = has_escape ? String(JSON.parse(written)) : written.slice(1, -1);
    if (forbidden_keys.has(name)) this.fail(`the key '${name}' is not allowed`, start);
    if (keys.has(name)) this.fail(`the key ${shown_key(name)} occurs twice in one object`, start);
    keys.add(name);
    const { max_keys_per_object } = this.limits;
    if (keys.size > max_keys_per_object) this.fail(`more than ${max_keys_per_object} keys in one object`, start);
    this.visitor?.key(name);
    if (this.next_code() !== colon) this.fail_expecting("':' after the key");
    this.at++;
  }

  private value(expected: string): void {
    const code = this.next_code();
    this.nodes++;
    if (this.nodes > this.limits.max_nodes) this.fail(`more than ${this.limits.max_nodes} values in one text`);
    if (code === open_object || code === open_list) {
      this.open(code);
      return;
    }
    const { line } = this;
    if (code === quote) this.skip_string('string');
    else if (!this.skip(literal_pattern)) this.number(expected);
    this.visitor?.scalar(line);
  }

  private open(code: number): void {
    const is_object = code === open_object;
    const { max_depth } = this.limits;
    if (this.frames.length >= max_depth) this.fail(`nested deeper than ${max_depth}`);
    this.frames.push({ keys: is_object ? new Set() : null, is_empty: true });
    this.visitor?.open(is_object ? 'object' : 'list', this.line);
    this.at++;
  }

  private number(expected: string): void {
    const start = this.at;
    if (!this.skip(number_pattern)) this.fail_expecting(expected);
    const digits = this.text.slice(start, this.at);
    if (digits.length < safe_digits && !/[eE]/.test(digits)) return;
    if (!Number.isFinite(Number(digits))) this.fail('a number is larger than a double holds', start);
  }

  /** @returns whether the string that begins here has an escape */
  private skip_string(what: 'key' | 'string'): boolean {
    const { text } = this;
    const start = this.at++;
    let has_escape = false;
    for (let code = text.charCodeAt(this.at); code !== quote; code = text.charCodeAt(this.at)) {
      if (code === backslash) {
        has_escape = true;
        if (!this.skip(escape_pattern)) this.fail('a backslash in a string begins no escape that JSON knows');
      } else if (code >= 0x20) this.at++;
      else if (this.at >= text.length) this.fail('the text ends inside a string that begins here', start);
      else this.fail(`a string holds ${shown(text, this.at)}; write it as an escape`);
    }
    this.at++;
    this.check_size(start, what);
    return has_escape;
  }

  private check_size(start: number, what: string): void {
    const { max_string_bytes } = this.limits;
    const units = this.at - start - 2;
    if (units * 3 <= max_string_bytes) return;
    const bytes = Buffer.byteLength(this.text.slice(start + 1, this.at - 1));
    if (bytes <= max_string_bytes) return;
    this.fail(`a ${what} of ${bytes} bytes, at most ${max_string_bytes} are read: refused`, start);
  }

  /** The first code unit after white space; NaN at the end. */
  private next_code(): number {
    this.skip_space();
    return this.text.charCodeAt(this.at);
  }

  private skip_space(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === line_feed) {
        this.line++;
        this.line_start = this.at + 1;
      } else if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return;
      this.at++;
    }
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  private fail_expecting(expected: string): never {
    return this.fail(`expected ${expected}, found ${shown(this.text, this.at)}`);
  }

  /** Whatever fails begins on the current line: no token has a line break in it. */
  private fail(what: string, at: number = this.at): never {
    const { line } = this;
    const column = at - this.line_start + 1;
    throw new LlmteamError('JSON_INVALID', `${what} at line ${line}, column ${column}`, { details: { line, column } });
  }
}

function shown(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return 'the end of the text';
  const is_plain = code > 0x20 && code < 0x7f;
  return is_plain ? `'${String.fromCodePoint(code)}'` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function shown_key(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
