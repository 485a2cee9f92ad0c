/**
 * Purpose: the catalog of known step types and their versions.
 * Owns: resolving a version range (to the newest match) and checking configs. Does not own: loading plugins.
 */
import {
  type ControlType,
  type Definition,
  type JsonObject,
  LlmteamError,
  type StepTypeMetadata,
  type TaskType,
} from '@llmteam/contracts';
import semver from 'semver';
import type { StepType, StepTypes } from '../engine/step-plan.js';
import { bareType } from '../engine/step-plan.js';
import { ownStanding, type PluginStanding } from '../plugins/plugin-standing.js';
import { PermissionCheck } from '../runtime/permission-check.js';
import { type ConfigChecker, configChecker } from './config-checker.js';
import { type CompleteConfig, configDefaults } from './config-defaults.js';
import { PortCheck } from './port-check.js';

export interface CatalogEntry extends StepType {
  /** null for a control type, or for a task type whose code is not in this process. */
  readonly task: TaskType<JsonObject> | null;
  /** The plugin that provides it. */
  readonly plugin: string;
  readonly standing: PluginStanding;
  readonly permissions: PermissionCheck;
  readonly ports: PortCheck;
  /** The config with the defaults of its schema. */
  completeConfig(config: JsonObject): JsonObject;
}

export type VersionChoice =
  | { readonly kind: 'found'; readonly entry: CatalogEntry }
  | { readonly kind: 'unknown_type' }
  | { readonly kind: 'unknown_version'; readonly versions: readonly string[] };

/** As `step_types` of a definition: versions by `type` as written. */
export type PinnedTypes = Definition['step_types'];

export class StepCatalog implements StepTypes {
  /** Entries by type id, newest version first. */
  private readonly types = new Map<string, CatalogEntry[]>();
  /** The plugin whose versions are chosen, by type id, where it replaces another. */
  private readonly preferred = new Map<string, string>();
  private readonly check: ConfigChecker = configChecker();
  private readonly complete: CompleteConfig = configDefaults();

  /** @throws LlmteamError `PLUGIN_DUPLICATE` if the catalog already has that version of the type */
  add(type: TaskType<JsonObject> | ControlType, version: string, plugin: string | PluginStanding): void {
    const control = type.kind === 'control' ? type : null;
    const standing = typeof plugin === 'string' ? ownStanding(plugin) : plugin;
    this.addEntry(
      { permissions: [], ...type.metadata, version },
      standing,
      control,
      type.kind === 'task' ? type : null,
    );
  }

  /** Adds a type served by a worker in another process; no-op if the version is already known. */
  announce(metadata: StepTypeMetadata, plugin: string, isOurs = true): void {
    if (this.find(metadata.type_id, metadata.version) === undefined)
      this.addEntry(metadata, { ...ownStanding(plugin), isOurs }, null, null);
  }

  private addEntry(
    metadata: StepTypeMetadata,
    standing: PluginStanding,
    control: ControlType | null,
    task: TaskType<JsonObject> | null,
  ): void {
    const { type_id, version, config_schema } = metadata;
    const { plugin } = standing;
    const known = this.find(type_id, version);
    if (known !== undefined) {
      const both = `'${known.plugin}' and '${plugin}'`;
      throw new LlmteamError('PLUGIN_DUPLICATE', `step type '${type_id}' ${version} comes from both ${both}`);
    }
    const entry: CatalogEntry = {
      metadata,
      plugin,
      standing,
      control,
      task,
      permissions: new PermissionCheck(standing, metadata.permissions),
      ports: new PortCheck(metadata, this.check),
      checkConfig: (config) => this.check(config_schema, config),
      completeConfig: (config) => this.complete(config_schema, config),
    };
    const entries = [...(this.types.get(type_id) ?? []), entry];
    entries.sort((a, b) => semver.rcompare(a.metadata.version, b.metadata.version));
    this.types.set(type_id, entries);
  }

  /**
   * From now on only the versions that `plugin` brings of a type are chosen and listed, if there are any. Those of other plugins are still
   * found: runs that are pinned to them end on them.
   */
  prefer(typeId: string, plugin: string): void {
    this.preferred.set(typeId, plugin);
  }

  find(typeId: string, version: string): CatalogEntry | undefined {
    return this.types.get(typeId)?.find((entry) => entry.metadata.version === version);
  }

  findSameMajor(typeId: string, version: string): CatalogEntry | undefined {
    const major = semver.parse(version)?.major;
    const isSame = (entry: CatalogEntry) => semver.parse(entry.metadata.version)?.major === major;
    return this.types.get(typeId)?.find((entry) => entry.control === null && isSame(entry));
  }

  /**
   * The newest version allowed by a step's `type`, which may carry a range (`type@range`). A pre-release is taken, as npm does it, if the range
   * names one of the same version; besides, if nothing else is allowed.
   */
  choose(type: string): VersionChoice {
    const entries = this.offered(bareType(type));
    if (entries.length === 0) return { kind: 'unknown_type' };
    const range = type.includes('@') ? type.slice(type.indexOf('@') + 1) : '*';
    const allowed = (includePrerelease: boolean) =>
      entries.find(({ metadata }) => semver.satisfies(metadata.version, range, { includePrerelease }));
    const entry = range === '' ? undefined : (allowed(false) ?? allowed(true));
    if (entry !== undefined) return { kind: 'found', entry };
    return { kind: 'unknown_version', versions: entries.map(({ metadata }) => metadata.version) };
  }

  /**
   * The same for a segment that is stored already. A `type` without a version stays within the major version that `pinned` has for it, so that
   * storing the segment again does not move it to another contract; types of LLMTeam follow its release.
   */
  chooseFor(type: string, pinned: PinnedTypes = {}): VersionChoice {
    const newest = this.choose(type);
    const version = Object.hasOwn(pinned, type) ? semver.parse(pinned[type]) : null;
    if (type.includes('@') || version === null || newest.kind !== 'found' || newest.entry.standing.isOurs)
      return newest;
    const same = this.choose(`${type}@${version.major}`);
    return same.kind === 'found' ? same : newest;
  }

  /** The newest version of every type, ordered by type id. */
  list(): StepTypeMetadata[] {
    const newest = [...this.types.keys()].map((typeId) => this.choose(typeId));
    return newest
      .flatMap((choice) => (choice.kind === 'found' ? [choice.entry.metadata] : []))
      .sort((a, b) => a.type_id.localeCompare(b.type_id, 'en'));
  }

  /** The versions of a type that new runs may take, newest first. */
  offered(typeId: string): readonly CatalogEntry[] {
    const entries = this.types.get(typeId) ?? [];
    const plugin = this.preferred.get(typeId);
    const preferred = entries.filter((entry) => entry.plugin === plugin);
    return preferred.length === 0 ? entries : preferred;
  }

  /** Every version of every type, those that are replaced included. */
  entries(): CatalogEntry[] {
    return [...this.types.values()].flat();
  }

  typeIds(): string[] {
    return [...this.types.keys()].sort();
  }
}
