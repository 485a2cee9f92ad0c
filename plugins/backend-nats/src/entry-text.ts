import { type Entry, type Fact, LlmteamError, type NewEntry, type Position, type RunKey } from '@llmteam/contracts';
import { isDeeper } from './nesting.js';
import { maxEntries, positionOf } from './positions.js';

/** An element of a stored append, which is a JSON array of these. */
interface StoredEntry {
  readonly message_id: string;
  readonly fact: Fact;
}

/** Deeper than anything that is written, and not too deep for code that recurses. */
const maxDepth = 500;
const maxCharacters = 64 * 1024 * 1024;

/** Serializes each entry. @throws TypeError if a fact is not JSON; LlmteamError `LIMIT_EXCEEDED` */
export function entryTexts(run: RunKey, entries: readonly NewEntry[]): string[] {
  const texts = entries.map(({ message_id, fact }) => JSON.stringify({ message_id, fact }));
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (entries.length <= maxEntries && characters <= maxCharacters) return texts;
  const size = `${entries.length} entries of ${characters} characters of JSON`;
  const limits = `at most ${maxEntries} and ${maxCharacters} are allowed`;
  throw new LlmteamError('LIMIT_EXCEEDED', `append to run ${run.run_id}: ${size}, ${limits}`);
}

export function joinTexts(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

/** Parses the entries of a stream message. @throws LlmteamError `STORE_CORRUPT` */
export function parseEntries(run: RunKey, sequence: number, text: string): Entry[] {
  const stored = parse(sequence, text);
  return stored.map(({ message_id, fact }, index) => ({
    position: positionOf(sequence, index, stored.length),
    tenant_id: run.tenant_id,
    run_id: run.run_id,
    message_id,
    fact,
  }));
}

function parse(sequence: number, text: string): readonly StoredEntry[] {
  if (isDeeper(text, maxDepth)) throw corrupt(sequence, `is nested deeper than ${maxDepth}`);
  try {
    const stored: unknown = JSON.parse(text);
    if (Array.isArray(stored) && stored.length <= maxEntries && stored.every(isStoredEntry)) return stored;
  } catch (cause) {
    throw corrupt(sequence, 'is not JSON', cause);
  }
  throw corrupt(sequence, 'contains no facts');
}

function corrupt(sequence: number, what: string, cause?: unknown): LlmteamError {
  return new LlmteamError('STORE_CORRUPT', `message ${sequence} of the journal ${what}`, { cause });
}

function isStoredEntry(value: unknown): value is StoredEntry {
  const { message_id, fact } = (value ?? {}) as Partial<StoredEntry>;
  return typeof message_id === 'string' && typeof fact?.type === 'string';
}

export function positionsById(entries: readonly Entry[]): Map<string, Position> {
  const positions = new Map<string, Position>();
  for (const { message_id, position } of entries) {
    if (!positions.has(message_id)) positions.set(message_id, position);
  }
  return positions;
}
