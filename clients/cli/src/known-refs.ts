import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '@llmteam/contracts';
import type { KnownRefs } from '@llmteam/kernel';
import type { Config } from '@llmteam/service-host';

type KnownNames = NonNullable<KnownRefs['llm_ref']>;

const segmentName = /^[a-z][a-z0-9_]{0,63}$/;
const segmentFile = /^([a-z][a-z0-9_]{0,63})\.json$/;

/** A referenced segment is expected next to the one that references it. Returns null if the ref is not a valid segment id. */
export function fileOfSegment(folder: string, segmentRef: string): string | null {
  return segmentName.test(segmentRef) ? join(folder, `${segmentRef}.json`) : null;
}

/** All `segment_ref` values at any depth. */
export function segmentRefs(values: readonly Json[]): Set<string> {
  const refs = new Set<string>();
  const todo: Json[] = [...values];
  for (const value of todo) {
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, member] of Object.entries<Json>(value)) {
      if (key === 'segment_ref' && typeof member === 'string') refs.add(member);
      else todo.push(member);
    }
  }
  return refs;
}

/** The valid references of a segment: configured resources, segments in the same folder, and itself. */
export function knownRefs({ file }: Config, folder: string, ownId: string | null): KnownRefs {
  return {
    llm_ref: listed(Object.keys(file.llms ?? {})),
    client_ref: listed(Object.keys(file.clients ?? {})),
    store_ref: listed(file.stores ?? []),
    secret_ref: listed(Object.keys(file.secrets ?? {})),
    segment_ref: {
      has: (name) => name === ownId || existsSync(fileOfSegment(folder, name) ?? ''),
      names: () => segmentsIn(folder),
    },
  };
}

function listed(names: readonly string[]): KnownNames {
  const known = new Set(names);
  return { has: (name) => known.has(name), names: () => names };
}

function segmentsIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => segmentFile.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}
