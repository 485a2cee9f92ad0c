import { isLlmteamError } from '@llmteam/contracts';
import type { Work } from '../slices/slices.js';
import { jsonLimits } from './json-limits.js';
import { splitPointer } from './json-pointer.js';
import { JsonScanner, type JsonVisitor } from './json-scanner.js';
import { withoutByteOrderMark } from './parse-json.js';

/** Returns the 1-based line on which the value at a JSON Pointer begins; undefined if there is no such value. */
export type LocatePointer = (pointer: string) => number | undefined;

interface Place {
  readonly line: number;
  /** By key or index; absent for scalars. */
  readonly members?: Map<string, Place> | Place[];
}

/** Scans a JSON text to locate its values. In invalid JSON, only values before the error are found. */
export function* locating(text: string): Work<LocatePointer> {
  const root = yield* readPlaces(withoutByteOrderMark(text));
  return (pointer) => {
    let place = root;
    for (const token of splitPointer(pointer)) place = place === undefined ? undefined : member(place, token);
    return place?.line;
  };
}

function member({ members }: Place, token: string): Place | undefined {
  if (members instanceof Map) return members.get(token);
  return /^(?:0|[1-9][0-9]*)$/.test(token) ? members?.[Number(token)] : undefined;
}

function* readPlaces(text: string): Work<Place | undefined> {
  const collector = new PlaceCollector();
  try {
    yield* new JsonScanner(text, { ...jsonLimits, maxBytes: Number.POSITIVE_INFINITY }, collector).scan();
  } catch (thrown) {
    if (!isLlmteamError(thrown)) throw thrown;
  }
  return collector.root;
}

class PlaceCollector implements JsonVisitor {
  root: Place | undefined;
  private readonly holders: (Map<string, Place> | Place[])[] = [];
  private name = '';

  key(name: string): void {
    this.name = name;
  }

  open(kind: 'object' | 'list', line: number): void {
    const members = kind === 'object' ? new Map<string, Place>() : [];
    this.add({ line, members });
    this.holders.push(members);
  }

  close(): void {
    this.holders.pop();
  }

  scalar(line: number): void {
    this.add({ line });
  }

  private add(place: Place): void {
    const holder = this.holders.at(-1);
    if (holder === undefined) this.root = place;
    else if (holder instanceof Map) holder.set(this.name, place);
    else holder.push(place);
  }
}
