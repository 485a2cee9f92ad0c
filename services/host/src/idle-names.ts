/**
 * Purpose: what the configuration names and nobody has: a misspelt plugin, step type, version or resource has no effect, and must not have
 * none in silence. Told as remarks, never refused: in a cluster another process may have it.
 * Does not own: models (model-check.ts), `replaces` (the plugin host), variables of the environment.
 */
import { type PermissionKind, type Permissions, permissionList } from '@llmteam/contracts';
import {
  ClosestName,
  type PluginPackage,
  partsOf,
  type StepCatalog,
  sectionOf,
  withoutCounterpart,
} from '@llmteam/kernel';
import semver from 'semver';
import type { Config } from './config.js';
import type { PluginEntry } from './config-plugins.js';
import { storeNames } from './tenant-resources.js';

type File = Pick<Config, 'file'>;
type Package = Pick<PluginPackage, 'specifier' | 'version' | 'manifest'>;

/** `packages`: all that are configured, built-in ones included. */
export function idlePluginNames(config: File, packages: readonly Package[]): string[] {
  return [...idleSettings(config, packages), ...idleGrants(config, packages)];
}

/** `catalog`: with the step types of all plugins that are configured. */
export function idleTypeNames({ file }: File, catalog: StepCatalog): string[] {
  const { canary = {}, worker } = file;
  const tasks = catalog.entries().flatMap(({ task, metadata }) => (task === null ? [] : [metadata.type_id]));
  const served = [
    ...Object.keys(worker?.concurrency_by_type ?? {}).map((id) => [`worker.concurrency_by_type.${id}`, id] as const),
    ...(worker?.types ?? []).map((id) => ['worker.types', id] as const),
  ];
  return [
    ...Object.entries(canary).flatMap(([id, { version }]) => idleCanary(id, version, catalog)),
    ...served.filter(([, id]) => !tasks.includes(id)).map(([key, id]) => unservedType(key, id, catalog, tasks)),
  ];
}

function idleCanary(typeId: string, version: string, catalog: StepCatalog): string[] {
  const choice = catalog.choose(`${typeId}@${version}`);
  if (choice.kind === 'found') return [];
  if (choice.kind === 'unknown_type')
    return [
      `canary.${typeId}: no plugin that is loaded brings step type '${typeId}'${hint(typeId, catalog.typeIds())}`,
    ];
  const loaded = `'${typeId}' is loaded in ${choice.versions.join(', ')}`;
  return [`canary.${typeId}.version: no version that is loaded is in '${version}'; ${loaded}`];
}

function unservedType(key: string, typeId: string, catalog: StepCatalog, tasks: readonly string[]): string {
  if (catalog.typeIds().includes(typeId)) return `${key}: '${typeId}' runs inside the engine, not on workers`;
  return `${key}: no plugin that is loaded brings step type '${typeId}'${hint(typeId, tasks)}`;
}

function idleSettings({ file }: File, packages: readonly Package[]): string[] {
  const names = packages.map(({ manifest }) => manifest.name);
  return Object.keys(file.settings ?? {}).flatMap((key) => {
    const [name = '', major] = key.split('@');
    const versions = packages.filter(({ manifest }) => manifest.name === name).map(({ version }) => version);
    if (versions.length === 0) return `settings.${key}: no plugin is named '${name}'${hint(name, names)}`;
    if (major === undefined || versions.some((version) => String(semver.parse(version)?.major) === major)) return [];
    return `settings.${key}: plugin '${name}' has no version ${major}; it is configured in ${versions.join(', ')}`;
  });
}

function idleGrants(config: File, packages: readonly Package[]): string[] {
  return (config.file.plugins ?? []).flatMap((entry, at) => {
    const found = typeof entry === 'string' ? undefined : packages.find((one) => one.specifier === entry.package);
    if (found === undefined || typeof entry === 'string') return [];
    const place = `plugins[${at}].grant`;
    return entry.grant === 'declared'
      ? declaredInVain(config, place, found)
      : grantedInVain(config, place, entry, found);
  });
}

function declaredInVain(config: File, place: string, { manifest }: Package): string[] {
  return missingResources(config, permissionList(manifest.permissions ?? {})).map(([kind, what, names]) => {
    return `${place}: plugin '${manifest.name}' declares ${kind} '${what}', which is ${notConfigured(kind, what, names)}`;
  });
}

function grantedInVain(config: File, place: string, { grant = {} }: PluginEntry, { manifest }: Package): string[] {
  const granted = permissionList(grant as Permissions);
  const undeclared = withoutCounterpart(granted, permissionList(manifest.permissions ?? {}));
  const declared = granted.filter((permission) => !undeclared.includes(permission));
  return [
    ...undeclared.map((permission) => {
      const [kind, what] = partsOf(permission);
      const section = sectionOf(kind);
      const known = manifest.permissions?.[section] ?? [];
      const why = `plugin '${manifest.name}' does not declare it (\`llmteam.permissions.${section}\`)`;
      return `${place}.${section}: '${what}' is granted in vain: ${why}${hint(what, known, 'it declares:')}`;
    }),
    ...missingResources(config, declared).map(
      ([kind, what, names]) => `${place}.${sectionOf(kind)}: '${what}' is ${notConfigured(kind, what, names)}`,
    ),
  ];
}

/** Permissions for a resource by its name, which does not exist, with those that do. */
function missingResources(config: File, permissions: readonly string[]): [PermissionKind, string, readonly string[]][] {
  const { llms = {}, clients = {}, secrets = {} } = config.file;
  const known: Partial<Record<PermissionKind, readonly string[]>> = {
    llm: Object.keys(llms),
    client: Object.keys(clients),
    secret: Object.keys(secrets),
    store: storeNames(config),
  };
  return permissions.flatMap((permission): [PermissionKind, string, readonly string[]][] => {
    const [kind, what] = partsOf(permission);
    const names = known[kind];
    return names === undefined || what === '*' || names.includes(what) ? [] : [[kind, what, names]];
  });
}

/** The keys of resources in the configuration. */
const resourceSections = { llm: 'llms', client: 'clients', secret: 'secrets', store: 'stores', network: '' } as const;

function notConfigured(kind: PermissionKind, what: string, names: readonly string[]): string {
  return `not configured in '${resourceSections[kind]}'${hint(what, names, 'configured:')}`;
}

function hint(name: string, known: readonly string[], intro = 'known:'): string {
  const meant = new ClosestName().find(name, known);
  if (meant !== undefined) return `; did you mean '${meant}'?`;
  return known.length === 0 ? '' : `; ${intro} ${[...new Set(known)].join(', ')}`;
}
