/**
 * Purpose: a share of new runs takes another version of a step type.
 * Owns: which runs do, by a hash of their id, so that a request that is repeated gets the same version; what of a definition changes.
 * Does not own: runs that have started, child runs and forks; they keep their definition.
 * Invariant: a run only takes a version that its segment allows (`type@range`) and is valid with.
 */
import { type Definition, LlmteamError, type Logger } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import semver from 'semver';
import type { StepCatalog } from '../catalog/step-catalog.js';
import { fractionOf } from '../engine/hash.js';
import { bareType } from '../engine/step-plan.js';
import type { CheckingCompiler } from '../expressions/expression-compiler.js';
import { validateTextInSlices } from '../validation/validate-text.js';
import type { Definitions } from './definitions.js';

/** By step type: the versions that a share of new runs takes, 0 … 1. */
export type CanarySettings = Readonly<Record<string, { readonly version: string; readonly share: number }>>;

export interface CanariesDeps {
  readonly settings: CanarySettings;
  readonly catalog: StepCatalog;
  readonly compiler: CheckingCompiler;
  readonly definitions: Definitions;
  readonly log: Logger;
}

type Versions = Definition['step_types'];

const keptDefinitions = 1_000;

export class Canaries {
  /** Hashes of changed definitions, by the original and what changes. */
  private readonly changed = new LRUCache<string, Promise<string>>({ max: keptDefinitions });
  private readonly told = new Set<string>();

  /** @throws LlmteamError `CONFIG_INVALID` if a version is not a range */
  constructor(private readonly deps: CanariesDeps) {
    for (const [typeId, { version }] of Object.entries(deps.settings)) {
      if (semver.validRange(version) !== null) continue;
      throw new LlmteamError('CONFIG_INVALID', `canary.${typeId}.version: '${version}' is not a version range`);
    }
  }

  /** The content hash of the definition that a new run takes instead of the given one; most often the same. */
  async definitionFor(hash: string, runId: string): Promise<string> {
    const types = Object.entries(this.deps.settings)
      .filter(([typeId, { share }]) => fractionOf(`${typeId}/${runId}`) < share)
      .map(([typeId]) => typeId);
    if (types.length === 0) return hash;
    const definition = await this.deps.definitions.get(hash);
    const versions = this.versionsFor(definition.step_types, types);
    if (Object.keys(versions).length === 0) return hash;
    const key = JSON.stringify([hash, versions]);
    const making = this.changed.get(key) ?? this.change(hash, definition, versions);
    this.changed.set(key, making);
    making.catch(() => this.changed.delete(key));
    return making;
  }

  /** What changes, by `type` as written. */
  private versionsFor(pinned: Versions, types: readonly string[]): Versions {
    const changed = Object.entries(pinned).flatMap(([type, version]) => {
      const typeId = bareType(type);
      const other = types.includes(typeId) ? this.versionOf(typeId) : null;
      return other === null || other === version || !allows(type, other) ? [] : [[type, other] as const];
    });
    return Object.fromEntries(changed);
  }

  private versionOf(typeId: string): string | null {
    const range = this.deps.settings[typeId]?.version ?? '';
    const choice = this.deps.catalog.choose(`${typeId}@${range}`);
    if (choice.kind === 'found') return choice.entry.metadata.version;
    this.tell(`canary.${typeId}: no version in '${range}' is installed, so no run takes one`, { step_type: typeId });
    return null;
  }

  private async change(hash: string, { segment, step_types }: Definition, versions: Versions): Promise<string> {
    const { catalog, compiler, definitions } = this.deps;
    const steps = segment.steps.map((step) => {
      const version = Object.hasOwn(versions, step.type) ? versions[step.type] : undefined;
      return version === undefined ? step : { ...step, type: `${bareType(step.type)}@${version}` };
    });
    const text = JSON.stringify({ ...segment, steps });
    const { segment: valid, problems } = await validateTextInSlices(text, () => ({ catalog, compiler }));
    if (valid !== null) return definitions.put({ segment, step_types: { ...step_types, ...versions } });
    const [first] = problems.filter(({ severity }) => severity === 'error');
    const { segment_id } = segment;
    const reason = `segment '${segment_id}' is not valid with the versions of 'canary': ${first?.message ?? ''}`;
    this.tell(`${reason}; its runs take the versions they are pinned to`, { segment_id, versions });
    return hash;
  }

  private tell(message: string, fields: object): void {
    if (this.told.has(message) || this.told.size > keptDefinitions) return;
    this.told.add(message);
    this.deps.log.warn(fields, message);
  }
}

function allows(type: string, version: string): boolean {
  const range = type.includes('@') ? type.slice(type.indexOf('@') + 1) : '*';
  return semver.satisfies(version, range, { includePrerelease: true });
}
