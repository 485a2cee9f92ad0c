import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '@llmteam/contracts';
import type { KnownRefs } from '@llmteam/kernel';
import { type Config, resourceNames } from '@llmteam/service-host';
import { unsetVariables } from './known-variables.js';
import { segmentExtensions } from './notations.js';

type KnownNames = NonNullable<KnownRefs['llm_ref']>;

const segmentName = /^[a-z][a-z0-9_]{0,63}$/;
const segmentFile = /^([a-z][a-z0-9_]{0,63})\.(?:jsonc?|ya?ml)$/;

/** A referenced segment is expected next to the one that references it, under its id. Returns null if there is no such file. */
export function fileOfSegment(folder: string, segmentRef: string): string | null {
  if (!segmentName.test(segmentRef)) return null;
  const files = segmentExtensions.map((extension) => join(folder, `${segmentRef}${extension}`));
  return files.find((file) => existsSync(file)) ?? null;
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

/** The valid references of a tenant's segment: configured resources, segments in the same folder, and itself. */
export function knownRefs(config: Config, tenantId: string, folder: string, ownId: string | null): KnownRefs {
  const { llms, clients, stores, secrets } = resourceNames(config, tenantId);
  const { file } = config;
  return {
    llm_ref: configured(llms, file.llms as JsonObject | undefined, config),
    client_ref: configured(clients, file.clients as JsonObject | undefined, config),
    store_ref: configured(stores, undefined, config),
    secret_ref: configured(secrets, file.secrets as JsonObject | undefined, config),
    segment_ref: {
      has: (name) => name === ownId || fileOfSegment(folder, name) !== null,
      names: () => segmentsIn(folder),
    },
  };
}

function configured(names: readonly string[], settings: JsonObject | undefined, config: Config): KnownNames {
  const known = new Set(names);
  return {
    has: (name) => known.has(name),
    names: () => names,
    unset: (name) => unsetVariables(settings?.[name] ?? null, config),
  };
}

function segmentsIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) => segmentFile.exec(name)?.[1] ?? []);
  } catch {
    return [];
  }
}

/** The `segment_id` of a segment that need not be valid; null if it has none. */
export function idOf(value: Json): string | null {
  const id = typeof value === 'object' && value !== null && 'segment_id' in value ? value.segment_id : null;
  return typeof id === 'string' ? id : null;
}
