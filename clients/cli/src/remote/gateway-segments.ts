/**
 * Purpose: reads segment files locally and has a gateway validate and store them; no step types or models are needed on this machine.
 * Owns: finding the local segments a file references, and storing a referenced segment before those that reference it.
 */
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  isLlmteamError,
  type Json,
  LlmteamError,
  type Problem,
  type Segment,
  SegmentStored,
  ValidationReport,
} from '@llmteam/contracts';
import { jsonNotation, lineOf, locatedIn, parsedFrom, type SegmentNotation, splitPointer } from '@llmteam/kernel';
import { readText, shownName } from '../files.js';
import { fileOfSegment, idOf, segmentRefs } from '../known-refs.js';
import { notationOf } from '../notations.js';
import { type FileProblem, hasErrors, mismatch, unreadable } from '../problem-lines.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { GatewayStores } from './gateway-stores.js';

export interface StoredSegment {
  /** null if it or a segment it references has errors. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
}

interface SegmentText {
  readonly file: string;
  readonly text: string;
  readonly notation: SegmentNotation;
  readonly value: Json;
}

/** Has the gateway validate a file and the local segments it references. @throws LlmteamError `FILE_UNREADABLE`, or the gateway's error */
export async function validateAtGateway(settings: Settings, gateway: Gateway, file: string): Promise<StoredSegment> {
  const stores = new GatewayStores(settings, gateway);
  const { texts, problems } = await readSegments(file);
  const local = new Set(texts.map(({ value }) => idOf(value)));
  const found = [...problems];
  for (const text of texts) found.push(...(await validateOne(stores, text, local)));
  const last = texts.at(-1);
  return { segment: last === undefined || hasErrors(found) ? null : asSegment(last.value), problems: found };
}

/** A reference to a local segment is valid, because a run stores that segment first. */
async function validateOne(
  { client, runs }: GatewayStores,
  text: SegmentText,
  local: ReadonlySet<string | null>,
): Promise<FileProblem[]> {
  const { problems } = await runs.ask(ValidationReport, client.validateSegment(jsonOf(text)));
  const isLocal = ({ code, path }: Problem): boolean =>
    code === 'UNKNOWN_REF' && path.endsWith('/segment_ref') && local.has(textAt(text.value, path));
  return ofFile(
    text,
    problems.filter((problem) => !isLocal(problem)),
  );
}

function textAt(value: Json, path: string): string | null {
  let found: unknown = value;
  for (const key of splitPointer(path))
    found = typeof found === 'object' && found !== null ? Reflect.get(found, key) : null;
  return typeof found === 'string' ? found : null;
}

/** Stores the segment of a file and the local segments it references. @throws LlmteamError */
export async function storeAtGateway(stores: GatewayStores, file: string): Promise<StoredSegment> {
  const { texts, problems } = await readSegments(file);
  const found = [...problems];
  for (const text of hasErrors(found) ? [] : texts) {
    found.push(...(await storeOne(stores, text)));
    if (hasErrors(found)) break;
  }
  const last = texts.at(-1);
  return { segment: last === undefined || hasErrors(found) ? null : asSegment(last.value), problems: found };
}

/** Returns referenced segments first. A reference without a local file is left for the gateway to resolve. */
async function readSegments(file: string): Promise<{ texts: SegmentText[]; problems: FileProblem[] }> {
  const texts: SegmentText[] = [];
  const problems: FileProblem[] = [];
  const seen = new Set<string>();
  const visit = async (path: string, ref: string | null): Promise<void> => {
    const text = await readText(path);
    const notation = await notationOf(path);
    let value: Json;
    try {
      value = parsedFrom(text, notation);
    } catch (thrown) {
      problems.push(unreadable(shownName(path), thrown));
      return;
    }
    const id = idOf(value) ?? '';
    if (ref !== null && id !== ref) problems.push(mismatch(shownName(path), ref, id));
    seen.add(id);
    for (const other of segmentRefs([value])) {
      const beside = fileOfSegment(file === '-' ? '.' : dirname(file), other);
      if (seen.has(other) || beside === null) continue;
      seen.add(other);
      await visit(beside, other);
    }
    texts.push({ file: path, text, notation, value });
  };
  await visit(file, null);
  return { texts, problems };
}

/** The gateway reads JSON only. A JSON text is sent as written, so that its problems have lines. */
function jsonOf({ text, notation, value }: SegmentText): string {
  return notation === jsonNotation ? text : JSON.stringify(value);
}

async function storeOne(stores: GatewayStores, text: SegmentText): Promise<FileProblem[]> {
  const { client, runs } = stores;
  try {
    const { warnings } = await runs.ask(SegmentStored, client.storeSegment(jsonOf(text)));
    return ofFile(text, warnings);
  } catch (thrown) {
    if (!isLlmteamError(thrown)) throw thrown;
    if (thrown.code === 'SEGMENT_INVALID')
      return ofFile(text, (thrown.details?.problems ?? []) as unknown as Problem[]);
    if (thrown.code === 'FORBIDDEN' && (await isStored(stores, text.value))) return [];
    throw thrown;
  }
}

/** A key that may start runs but not store segments can still run a stored segment. @throws LlmteamError if the stored one differs */
async function isStored({ client, runs }: GatewayStores, value: Json): Promise<boolean> {
  const segmentId = idOf(value) ?? '';
  const stored = await runs.ask({}, client.getSegment(segmentId)).catch((thrown: unknown) => {
    if (isLlmteamError(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
    throw thrown;
  });
  if (stored === null || isDeepStrictEqual(stored, value)) return stored !== null;
  const message = `the segment '${segmentId}' at the gateway differs from the file, and the key may not store it`;
  throw new LlmteamError('FORBIDDEN', message);
}

/** The gateway's lines are those of the JSON it was sent. */
function ofFile({ file, text, notation }: SegmentText, problems: readonly Problem[]): FileProblem[] {
  const named = problems.map((problem) => ({ ...problem, file: shownName(file) }));
  if (notation === jsonNotation || named.length === 0) return named;
  const locate = locatedIn(text, notation);
  return named.map((problem) => ({ ...problem, line: lineOf(problem.path, locate) }));
}

/** Safe because the gateway has validated it. */
function asSegment(value: Json): Segment {
  return value as unknown as Segment;
}
