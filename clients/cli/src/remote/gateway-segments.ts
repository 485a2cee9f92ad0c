/**
 * Purpose: reads segment files locally and has a gateway validate and store them; no step types or models are needed on this machine.
 * Owns: finding the local segments a file references, and storing a referenced segment before those that reference it.
 */
import { existsSync } from 'node:fs';
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
import { parseJson } from '@llmteam/kernel';
import { readText, shownName } from '../files.js';
import { fileOfSegment, segmentRefs } from '../known-refs.js';
import { type FileProblem, hasErrors, notJson } from '../problem-lines.js';
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
  readonly value: Json;
}

/** Has the gateway validate a file. @throws LlmteamError `FILE_UNREADABLE`, or the gateway's error */
export async function validateAtGateway(settings: Settings, gateway: Gateway, file: string): Promise<StoredSegment> {
  const { client, runs } = new GatewayStores(settings, gateway);
  const text = await readText(file);
  try {
    const value = parseJson(text);
    const { valid, problems } = await runs.ask(ValidationReport, client.validateSegment(text));
    return { segment: valid ? asSegment(value) : null, problems: ofFile(file, problems) };
  } catch (thrown) {
    return { segment: null, problems: [notJson(shownName(file), thrown)] };
  }
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
  const visit = async (path: string): Promise<void> => {
    const text = await readText(path);
    let value: Json;
    try {
      value = parseJson(text);
    } catch (thrown) {
      problems.push(notJson(shownName(path), thrown));
      return;
    }
    seen.add(idOf(value));
    for (const ref of segmentRefs([value])) {
      const beside = fileOfSegment(file === '-' ? '.' : dirname(file), ref);
      if (seen.has(ref) || beside === null || !existsSync(beside)) continue;
      seen.add(ref);
      await visit(beside);
    }
    texts.push({ file: path, text, value });
  };
  await visit(file);
  return { texts, problems };
}

async function storeOne(stores: GatewayStores, { file, text, value }: SegmentText): Promise<FileProblem[]> {
  const { client, runs } = stores;
  try {
    const { warnings } = await runs.ask(SegmentStored, client.storeSegment(text));
    return ofFile(file, warnings);
  } catch (thrown) {
    if (!isLlmteamError(thrown)) throw thrown;
    if (thrown.code === 'SEGMENT_INVALID')
      return ofFile(file, (thrown.details?.problems ?? []) as unknown as Problem[]);
    if (thrown.code === 'FORBIDDEN' && (await isStored(stores, value))) return [];
    throw thrown;
  }
}

/** A key that may start runs but not store segments can still run a stored segment. @throws LlmteamError if the stored one differs */
async function isStored({ client, runs }: GatewayStores, value: Json): Promise<boolean> {
  const segmentId = idOf(value);
  const stored = await runs.ask({}, client.getSegment(segmentId)).catch((thrown: unknown) => {
    if (isLlmteamError(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
    throw thrown;
  });
  if (stored === null || isDeepStrictEqual(stored, value)) return stored !== null;
  const message = `the segment '${segmentId}' at the gateway differs from the file, and the key may not store it`;
  throw new LlmteamError('FORBIDDEN', message);
}

function ofFile(file: string, problems: readonly Problem[]): FileProblem[] {
  return problems.map((problem) => ({ ...problem, file: shownName(file) }));
}

function idOf(value: Json): string {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : '';
}

/** Safe because the gateway has validated it. */
function asSegment(value: Json): Segment {
  return value as unknown as Segment;
}
