/**
 * Purpose: which versions of step types stored segments and live runs are pinned to.
 * Owns: the limits; what is beyond them makes the result incomplete, never wrong.
 * Does not own: which versions are provided (provided-versions.ts).
 */
import { isLlmteamError, type Journal, type RunIndex, type RunKey, type VersionUse } from '@llmteam/contracts';
import semver from 'semver';
import type { Definitions } from '../definitions/definitions.js';
import type { SegmentStore } from '../definitions/segment-store.js';
import { bareType } from '../engine/step-plan.js';

export type UsedVersion = Omit<VersionUse, 'is_provided'>;

export interface VersionUses {
  readonly versions: readonly UsedVersion[];
  readonly is_complete: boolean;
}

/** A live run and the content hash of its definition. */
export interface PinnedRun extends RunKey {
  readonly definition: string;
}

export interface VersionUsesDeps {
  readonly segments: Pick<SegmentStore, 'listAll'>;
  readonly definitions: Pick<Definitions, 'get'>;
  /** At most this many of the live runs. */
  readonly liveRuns: (limit: number) => AsyncIterable<PinnedRun>;
}

const usesLimits = { runs: 10_000, segments: 10_000, definitions: 2_000, versions: 1_000, ids: 100 } as const;

interface Use {
  readonly tenant_id: string;
  readonly kind: 'segments' | 'runs';
  readonly id: string;
}

/** With `tenantId`, only what that tenant has is named and counted. */
export async function findVersionUses(
  { segments, definitions, liveRuns }: VersionUsesDeps,
  tenantId?: string,
): Promise<VersionUses> {
  const byDefinition = new Map<string, Use[]>();
  const note = (definition: string, use: Use): void => {
    byDefinition.set(definition, [...(byDefinition.get(definition) ?? []), use]);
  };
  const stored = await segments.listAll(usesLimits.segments + 1);
  for (const { tenant_id, segment_id, definition } of stored)
    note(definition, { tenant_id, kind: 'segments', id: segment_id });
  let runs = 0;
  for await (const { tenant_id, run_id, definition } of liveRuns(usesLimits.runs + 1)) {
    note(definition, { tenant_id, kind: 'runs', id: run_id });
    runs++;
  }
  const versions = new Map<string, UsedVersion>();
  let isComplete = stored.length <= usesLimits.segments && runs <= usesLimits.runs;
  for (const [hash, uses] of [...byDefinition].slice(0, usesLimits.definitions)) {
    const pinned = await pinnedBy(definitions, hash);
    isComplete &&= pinned !== null;
    for (const key of pinned ?? []) versions.set(key, counted(versions.get(key) ?? unused(key), uses, tenantId));
  }
  const listed = inOrder(versions.values());
  isComplete &&= byDefinition.size <= usesLimits.definitions && listed.length <= usesLimits.versions;
  return { versions: listed.slice(0, usesLimits.versions), is_complete: isComplete };
}

/** `type@version`; null if the definition was lost. */
async function pinnedBy(definitions: Pick<Definitions, 'get'>, hash: string): Promise<ReadonlySet<string> | null> {
  try {
    const { step_types } = await definitions.get(hash);
    return new Set(Object.entries(step_types).map(([type, version]) => `${bareType(type)}@${version}`));
  } catch (thrown) {
    if (isLlmteamError(thrown) && thrown.code === 'BLOB_MISSING') return null;
    throw thrown;
  }
}

function unused(key: string): UsedVersion {
  const at = key.indexOf('@');
  const [typeId, version] = [key.slice(0, at), key.slice(at + 1)];
  return { type_id: typeId, version, segments: [], runs: [], segment_count: 0, run_count: 0, is_used_elsewhere: false };
}

function counted(use: UsedVersion, uses: readonly Use[], tenantId: string | undefined): UsedVersion {
  const own = tenantId === undefined ? uses : uses.filter(({ tenant_id }) => tenant_id === tenantId);
  const idsOf = (kind: Use['kind']): string[] => own.filter((one) => one.kind === kind).map(({ id }) => id);
  return merged(use, {
    ...use,
    segments: idsOf('segments'),
    runs: idsOf('runs'),
    segment_count: idsOf('segments').length,
    run_count: idsOf('runs').length,
    is_used_elsewhere: own.length < uses.length,
  });
}

function merged(one: UsedVersion, other: UsedVersion): UsedVersion {
  return {
    ...one,
    segments: [...one.segments, ...other.segments].slice(0, usesLimits.ids),
    runs: [...one.runs, ...other.runs].slice(0, usesLimits.ids),
    segment_count: one.segment_count + other.segment_count,
    run_count: one.run_count + other.run_count,
    is_used_elsewhere: one.is_used_elsewhere || other.is_used_elsewhere,
  };
}

/** The uses of several stores as one. */
export function mergeVersionUses(all: readonly VersionUses[]): VersionUses {
  const versions = new Map<string, UsedVersion>();
  for (const use of all.flatMap((one) => one.versions)) {
    const key = `${use.type_id}@${use.version}`;
    const known = versions.get(key);
    versions.set(key, known === undefined ? use : merged(known, use));
  }
  return { versions: inOrder(versions.values()), is_complete: all.every((one) => one.is_complete) };
}

function inOrder(uses: Iterable<UsedVersion>): UsedVersion[] {
  return [...uses].sort((a, b) => a.type_id.localeCompare(b.type_id, 'en') || semver.rcompare(a.version, b.version));
}

/** The live runs of an index, with their definitions from the journal. */
export async function* pinnedRuns(
  index: Pick<RunIndex, 'live'>,
  journal: Journal,
  limit: number,
): AsyncGenerator<PinnedRun> {
  const pageSize = 1_000;
  let after: RunKey | null = null;
  for (let left = limit; left > 0; ) {
    const rows: Awaited<ReturnType<RunIndex['live']>> = await index.live(after, Math.min(left, pageSize));
    for (const { tenant_id, run_id } of rows) {
      const definition = await definitionOf(journal, { tenant_id, run_id });
      if (definition !== null) yield { tenant_id, run_id, definition };
    }
    if (rows.length === 0) return;
    left -= rows.length;
    after = rows.at(-1) ?? null;
  }
}

/** null if the run was removed meanwhile. */
export async function definitionOf(journal: Journal, run: RunKey): Promise<string | null> {
  for await (const { fact } of journal.read(run)) {
    if (fact.type === 'run.requested') return fact.definition;
    if (fact.type === 'run.redacted') return fact.request.definition;
  }
  return null;
}
