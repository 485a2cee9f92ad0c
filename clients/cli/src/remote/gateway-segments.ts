/**
 * Purpose: segment files for a gateway: read here, judged and stored there. It knows its step types and models; this machine need not.
 * Owns: finding the segments beside the file that it leads to; the order in which they are stored: what a segment names comes before it.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  is_llmteam_error,
  type Json,
  LlmteamError,
  type Problem,
  type Segment,
  SegmentStored,
  ValidationReport,
} from '@llmteam/contracts';
import { parse_json } from '@llmteam/kernel';
import { read_text, shown_name } from '../files.js';
import { file_of_segment, segment_refs } from '../known-refs.js';
import { type FileProblem, has_errors, not_json } from '../problem-lines.js';
import type { Settings } from '../settings.js';
import type { Gateway } from './gateway-address.js';
import { GatewayStores } from './gateway-stores.js';

export interface StoredSegment {
  /** null: it has errors, or one that it names has. */
  readonly segment: Segment | null;
  readonly problems: readonly FileProblem[];
}

interface SegmentText {
  readonly file: string;
  readonly text: string;
  readonly value: Json;
}

/** Judges a file there. @throws LlmteamError `FILE_UNREADABLE`, or what the gateway says */
export async function judge_at_gateway(settings: Settings, gateway: Gateway, file: string): Promise<StoredSegment> {
  const { client, runs } = new GatewayStores(settings, gateway);
  const text = await read_text(file);
  try {
    const value = parse_json(text);
    const { valid, problems } = await runs.ask(ValidationReport, client.validate_segment(text));
    return { segment: valid ? as_segment(value) : null, problems: of_file(file, problems) };
  } catch (thrown) {
    return { segment: null, problems: [not_json(shown_name(file), thrown)] };
  }
}

/** Stores the segment of a file and those it leads to, so far as they are not there. @throws LlmteamError */
export async function store_at_gateway(stores: GatewayStores, file: string): Promise<StoredSegment> {
  const { texts, problems } = await read_segments(file);
  const found = [...problems];
  for (const text of has_errors(found) ? [] : texts) {
    found.push(...(await store_one(stores, text)));
    if (has_errors(found)) break;
  }
  const last = texts.at(-1);
  return { segment: last === undefined || has_errors(found) ? null : as_segment(last.value), problems: found };
}

/** Those that a segment names stand before it. One that is not beside the file is left to be known there. */
async function read_segments(file: string): Promise<{ texts: SegmentText[]; problems: FileProblem[] }> {
  const texts: SegmentText[] = [];
  const problems: FileProblem[] = [];
  const seen = new Set<string>();
  const visit = async (path: string): Promise<void> => {
    const text = await read_text(path);
    let value: Json;
    try {
      value = parse_json(text);
    } catch (thrown) {
      problems.push(not_json(shown_name(path), thrown));
      return;
    }
    seen.add(id_of(value));
    for (const ref of segment_refs([value])) {
      const beside = file_of_segment(file === '-' ? '.' : dirname(file), ref);
      if (seen.has(ref) || beside === null || !existsSync(beside)) continue;
      seen.add(ref);
      await visit(beside);
    }
    texts.push({ file: path, text, value });
  };
  await visit(file);
  return { texts, problems };
}

async function store_one(stores: GatewayStores, { file, text, value }: SegmentText): Promise<FileProblem[]> {
  const { client, runs } = stores;
  try {
    const { warnings } = await runs.ask(SegmentStored, client.store_segment(text));
    return of_file(file, warnings);
  } catch (thrown) {
    if (!is_llmteam_error(thrown)) throw thrown;
    if (thrown.code === 'SEGMENT_INVALID')
      return of_file(file, (thrown.details?.problems ?? []) as unknown as Problem[]);
    if (thrown.code === 'FORBIDDEN' && (await is_stored(stores, value))) return [];
    throw thrown;
  }
}

/** Who may start runs but not store segments can run what is stored already. @throws LlmteamError if there is another one */
async function is_stored({ client, runs }: GatewayStores, value: Json): Promise<boolean> {
  const segment_id = id_of(value);
  const stored = await runs.ask({}, client.get_segment(segment_id)).catch((thrown: unknown) => {
    if (is_llmteam_error(thrown) && thrown.code === 'SEGMENT_UNKNOWN') return null;
    throw thrown;
  });
  if (stored === null || isDeepStrictEqual(stored, value)) return stored !== null;
  const message = `the segment '${segment_id}' of the gateway is another one than that of the file, and the key may not store it`;
  throw new LlmteamError('FORBIDDEN', message);
}

function of_file(file: string, problems: readonly Problem[]): FileProblem[] {
  return problems.map((problem) => ({ ...problem, file: shown_name(file) }));
}

function id_of(value: Json): string {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : '';
}

/** The gateway found no fault with it. */
function as_segment(value: Json): Segment {
  return value as unknown as Segment;
}
