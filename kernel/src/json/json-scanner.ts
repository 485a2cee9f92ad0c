/**
 * Purpose: scans a JSON text in one pass, before any value is built from it.
 * Owns: the grammar of RFC 8259, the limits, forbidden and duplicate keys, line and column of errors.
 * Does not own: the value; `JSON.parse` builds it afterwards and cannot fail then.
 * Invariants:
 *   J1 Linear time and no recursion: nesting is kept in `frames`, which the depth limit bounds.
 *   J2 A text that passes survives `JSON.stringify`: no number is rounded or exceeds a double, no nesting overflows the stack.
 */
import { Buffer } from 'node:buffer';
import { forbiddenKeys, type JsonObject, jsonNumberFault, LlmteamError } from '@llmteam/contracts';
import type { Work } from '../slices/slices.js';
import { foreignSyntax, foreignSyntaxNames } from './foreign-syntax.js';
import type { JsonLimits } from './json-limits.js';

/** Called as values begin and end; lines count from 1. */
export interface JsonVisitor {
  key(name: string): void;
  open(kind: 'object' | 'list', line: number): void;
  close(): void;
  scalar(line: number): void;
}

interface Frame {
  /** null for a list. */
  readonly keys: Set<string> | null;
  isEmpty: boolean;
}

const codeOf = (character: string): number => character.charCodeAt(0);
const quote = codeOf('"');
const backslash = codeOf('\\');
const comma = codeOf(',');
const colon = codeOf(':');
const openObject = codeOf('{');
const closeObject = codeOf('}');
const openList = codeOf('[');
const closeList = codeOf(']');
const lineFeed = codeOf('\n');

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literalPattern = /true|false|null/y;
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const nodesPerPause = 500;
/** What {@link jsonNumberFault} may refuse: a long integer, an exponent, hundreds of digits. */
const suspect = /^-?[0-9]{16,}$|[eE]|^.{300}/;

export class JsonScanner {
  private at = 0;
  private line = 1;
  private lineStart = 0;
  private nodes = 0;
  private readonly frames: Frame[] = [];

  constructor(
    private readonly text: string,
    private readonly limits: JsonLimits,
    private readonly visitor: JsonVisitor | null,
  ) {}

  /** @throws LlmteamError `JSON_INVALID` at the first error */
  *scan(): Work<void> {
    this.value('a value');
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      this.member(frame);
      if (this.nodes % nodesPerPause === 0) yield;
    }
    this.skipSpace();
    if (this.at < this.text.length) this.failExpecting('nothing after the value');
  }

  /** Scans the next member of the innermost object or array, or its closing bracket. */
  private member(frame: Frame): void {
    const closer = frame.keys === null ? closeList : closeObject;
    const code = this.nextCode();
    if (code === closer) {
      this.at++;
      this.frames.pop();
      this.visitor?.close();
      return;
    }
    if (!frame.isEmpty) {
      if (code !== comma) this.failExpecting(`',' or '${String.fromCharCode(closer)}'`);
      this.at++;
    }
    const first = frame.isEmpty;
    frame.isEmpty = false;
    const orEnd = first ? ` or '${String.fromCharCode(closer)}'` : '';
    if (frame.keys !== null) this.key(frame.keys, orEnd);
    this.value(`a value${frame.keys === null ? orEnd : ''}`);
  }

  private key(keys: Set<string>, orEnd: string): void {
    if (this.nextCode() !== quote) this.failExpecting(`a key in double quotes${orEnd}`);
    const start = this.at;
    const hasEscape = this.skipString('key');
    const written = this.text.slice(start, this.at);
    const name = hasEscape ? String(JSON.parse(written)) : written.slice(1, -1);
    if (forbiddenKeys.has(name)) this.fail(`the key '${name}' is not allowed: it would name a prototype`, start);
    if (keys.has(name)) this.fail(`the key ${describeKey(name)} occurs twice in one object`, start);
    keys.add(name);
    const { maxKeysPerObject } = this.limits;
    if (keys.size > maxKeysPerObject) this.fail(`more than ${maxKeysPerObject} keys in one object`, start);
    this.visitor?.key(name);
    if (this.nextCode() !== colon) this.failExpecting("':' after the key");
    this.at++;
  }

  private value(expected: string): void {
    const code = this.nextCode();
    this.nodes++;
    if (this.nodes > this.limits.maxNodes) this.fail(`more than ${this.limits.maxNodes} values in one text`);
    if (code === openObject || code === openList) {
      this.open(code);
      return;
    }
    const { line } = this;
    if (code === quote) this.skipString('string');
    else if (!this.skip(literalPattern)) this.number(expected);
    this.visitor?.scalar(line);
  }

  private open(code: number): void {
    const isObject = code === openObject;
    const { maxDepth } = this.limits;
    if (this.frames.length >= maxDepth) this.fail(`nested deeper than ${maxDepth}`);
    this.frames.push({ keys: isObject ? new Set() : null, isEmpty: true });
    this.visitor?.open(isObject ? 'object' : 'list', this.line);
    this.at++;
  }

  private number(expected: string): void {
    const start = this.at;
    if (!this.skip(numberPattern)) this.failExpecting(expected);
    if (this.at - start < 5) return;
    const literal = this.text.slice(start, this.at);
    const fault = suspect.test(literal) ? jsonNumberFault(literal) : null;
    if (fault !== null) this.fail(fault, start);
  }

  /** @returns whether the string contains an escape */
  private skipString(what: 'key' | 'string'): boolean {
    const { text } = this;
    const start = this.at++;
    let hasEscape = false;
    for (let code = text.charCodeAt(this.at); code !== quote; code = text.charCodeAt(this.at)) {
      if (code === backslash) {
        hasEscape = true;
        if (!this.skip(escapePattern)) this.fail('a backslash in a string does not begin a valid escape');
      } else if (code >= 0x20) this.at++;
      else if (this.at >= text.length) this.fail('the text ends inside a string that begins here', start);
      else this.fail(`a string holds ${describeCharacter(text, this.at)}; write it as an escape`);
    }
    this.at++;
    this.checkSize(start, what);
    return hasEscape;
  }

  private checkSize(start: number, what: string): void {
    const { maxStringBytes } = this.limits;
    const units = this.at - start - 2;
    if (units * 3 <= maxStringBytes) return;
    const bytes = Buffer.byteLength(this.text.slice(start + 1, this.at - 1));
    if (bytes <= maxStringBytes) return;
    this.fail(`a ${what} of ${bytes} bytes (at most ${maxStringBytes} are allowed)`, start);
  }

  /** The first code unit after white space, or NaN at the end. */
  private nextCode(): number {
    this.skipSpace();
    return this.text.charCodeAt(this.at);
  }

  private skipSpace(): void {
    const { text } = this;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (code === lineFeed) {
        this.line++;
        this.lineStart = this.at + 1;
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

  private failExpecting(expected: string): never {
    const syntax = foreignSyntax(this.text, this.at);
    const found = syntax === null ? describeCharacter(this.text, this.at) : foreignSyntaxNames[syntax];
    return this.fail(`expected ${expected}, found ${found}`, this.at, syntax === null ? {} : { syntax });
  }

  /** An error is always on the current line, because no token contains a line break. */
  private fail(what: string, at: number = this.at, more: JsonObject = {}): never {
    const { line } = this;
    const column = at - this.lineStart + 1;
    throw new LlmteamError('JSON_INVALID', `${what} at line ${line}, column ${column}`, {
      details: { line, column, ...more },
    });
  }
}

function describeCharacter(text: string, at: number): string {
  const code = text.codePointAt(at);
  if (code === undefined) return 'the end of the text';
  const isPlain = code > 0x20 && code < 0x7f;
  return isPlain ? `'${String.fromCodePoint(code)}'` : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function describeKey(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
