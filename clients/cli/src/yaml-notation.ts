/**
 * Purpose: segments in YAML 1.2 (core schema).
 * Owns: which YAML is JSON, the limits, lines. Does not own: the grammar.
 * Invariants: aliases are bounded by what they expand to; nothing is constructed but JSON values.
 */
import { Buffer } from 'node:buffer';
import { caps, forbiddenKeys, type Json, LlmteamError } from '@llmteam/contracts';
import { type LocatePointer, type SegmentNotation, splitPointer } from '@llmteam/kernel';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';

export const yamlNotation: SegmentNotation = {
  *parse(text) {
    yield;
    const reading = read(text);
    return new Conversion(reading).convert(reading.document.contents, 0);
  },
  *locate(text) {
    yield;
    return locator(read(text));
  },
};

interface Reading {
  readonly document: Document;
  readonly lines: LineCounter;
}

/** @throws LlmteamError `YAML_INVALID` */
function read(text: string): Reading {
  const lines = new LineCounter();
  let document: Document;
  try {
    document = parseDocument(text, { version: '1.2', lineCounter: lines, prettyErrors: false });
  } catch (cause) {
    if (!isOverflow(cause)) throw cause;
    throw new LlmteamError('YAML_INVALID', tooDeep, { cause });
  }
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw invalid(lines, fault.pos[0], faultText(fault));
  return { document, lines };
}

/** The parser's own words, except where they are about its functions. */
function faultText(fault: YAMLError): string {
  if (fault.code === 'MULTIPLE_DOCS') return 'a second document begins, but a file holds one segment';
  return isOverflow(fault) ? tooDeep : fault.message;
}

const tooDeep = `nested deeper than ${caps.json_depth}`;

/** The parser is recursive; it may throw this, or report it as an error of the text. */
function isOverflow(thrown: unknown): boolean {
  return thrown instanceof Error && /call stack/.test(thrown.message);
}

function invalid(lines: LineCounter, offset: number, what: string): LlmteamError {
  const { line, col: column } = lines.linePos(offset);
  return new LlmteamError('YAML_INVALID', `${what} at line ${line}, column ${column}`, { details: { line, column } });
}

class Conversion {
  private nodes = 0;
  private bytes = 0;

  constructor(private readonly reading: Reading) {}

  convert(node: unknown, depth: number): Json {
    if (node === null || node === undefined) return null;
    const at = node as Node;
    this.nodes++;
    if (this.nodes > caps.json_nodes) this.fail(at, `more than ${caps.json_nodes} values in one text`);
    if (depth > caps.json_depth) this.fail(at, `nested deeper than ${caps.json_depth}`);
    if (isAlias(at)) return this.convert(at.resolve(this.reading.document), depth + 1);
    if (isSeq(at)) return at.items.map((item) => this.convert(item, depth + 1));
    if (isMap(at)) return this.object(at, depth);
    return isScalar(at) ? this.scalar(at) : this.fail(at, 'a value that is not JSON');
  }

  private object(map: YAMLMap, depth: number): Json {
    if (map.items.length > caps.json_keys_per_object)
      this.fail(map, `more than ${caps.json_keys_per_object} keys in one object`);
    const entries = map.items.map(({ key, value }) => {
      const name = nameOf(key);
      if (name === null) return this.fail(map, 'a key that is not a string');
      if (forbiddenKeys.has(name)) return this.fail(key as Node, `the key '${name}' is not allowed`);
      this.charge(name, map);
      return [name, this.convert(value, depth + 1)] as const;
    });
    return Object.fromEntries(entries);
  }

  private scalar(scalar: Scalar): Json {
    const { value } = scalar;
    if (typeof value === 'string') this.charge(value, scalar);
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    return this.fail(scalar, `${String(value)}, which is not JSON`);
  }

  /** An alias repeats a text without repeating it in the file. */
  private charge(text: string, node: Node): void {
    const size = Buffer.byteLength(text);
    this.bytes += size;
    if (size > caps.json_string_bytes)
      this.fail(node, `a string of ${size} bytes (at most ${caps.json_string_bytes} are allowed)`);
    if (this.bytes > caps.segment_bytes) this.fail(node, `more than ${caps.segment_bytes} bytes with all aliases`);
  }

  private fail({ range }: Node, what: string): never {
    throw invalid(this.reading.lines, range?.[0] ?? 0, what);
  }
}

function nameOf(key: unknown): string | null {
  if (!isScalar(key)) return null;
  const { value } = key;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

interface Place {
  readonly node: unknown;
  readonly line: number;
}

/** The line of a member is that of its key. */
function locator({ document, lines }: Reading): LocatePointer {
  const at = (node: unknown, named: unknown): Place => {
    return { node: isAlias(node) ? node.resolve(document) : node, line: lines.linePos(startOf(named)).line };
  };
  const member = (holder: unknown, token: string): Place | undefined => {
    if (isSeq(holder)) {
      const item = holder.items[Number(token)];
      return item === undefined ? undefined : at(item, item);
    }
    const pair = isMap(holder) ? holder.items.find(({ key }) => nameOf(key) === token) : undefined;
    return pair === undefined ? undefined : at(pair.value, pair.key);
  };
  return (pointer) => {
    let place: Place | undefined = at(document.contents, document.contents);
    for (const token of splitPointer(pointer)) place = place === undefined ? undefined : member(place.node, token);
    return place?.line;
  };
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
