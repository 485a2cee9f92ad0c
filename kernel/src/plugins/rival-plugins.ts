/**
 * Purpose: which plugin counts where several bring a step type or a model provider of one id.
 * Owns: the rule. Versions of one plugin live side by side; of two plugins one counts only if the operator says which (`replaces`), so that
 * nobody takes over a type, least of all a built-in one, by being installed.
 * Does not own: registering what counts.
 */
import { LlmteamError, type Plugin } from '@llmteam/contracts';
import semver from 'semver';
import { ClosestName } from '../validation/closest-name.js';
import { hint } from '../validation/wording.js';
import type { PluginPackage } from './plugin-manifest.js';
import type { PluginStanding } from './plugin-standing.js';

export interface PluginOffer {
  readonly source: PluginPackage;
  readonly plugin: Plugin;
  /** Ids of step types and model providers that it brings instead of another plugin. */
  readonly replaces: readonly string[];
}

export interface SettledOffers {
  readonly faults: readonly LlmteamError[];
  /** The plugin that counts, by the id of each step type that several bring. */
  readonly preferred: ReadonlyMap<string, string>;
  /** The plugin and the version that counts, by model provider. */
  readonly providers: ReadonlyMap<string, PluginOffer>;
  /** Model providers that several versions of a plugin bring, in words. */
  readonly severalVersions: readonly string[];
  /** Names in `replaces` that replace nothing, in words. */
  readonly unneeded: readonly string[];
}

const sortsOf = {
  'step type': ({ plugin }: PluginOffer) => (plugin.stepTypes ?? []).map(({ metadata }) => metadata.type_id),
  'model provider': ({ plugin }: PluginOffer) => (plugin.modelProviders ?? []).map(({ providerId }) => providerId),
} as const;
type Sort = keyof typeof sortsOf;

export function settleOffers(offers: readonly PluginOffer[]): SettledOffers {
  const faults: LlmteamError[] = [];
  const types = countingOf('step type', offers, faults);
  const models = countingOf('model provider', offers, faults);
  const several = [...models].filter(([, { counting }]) => counting.length > 1);
  return {
    faults,
    preferred: new Map(
      [...types].flatMap(([id, { owner, isContested }]) => (isContested ? [[id, owner] as const] : [])),
    ),
    providers: new Map([...models].map(([id, { counting }]) => [id, counting[0] as PluginOffer])),
    severalVersions: several.map(([id, { counting }]) => newestCounts(id, counting)),
    unneeded: unneeded(offers),
  };
}

interface Counting {
  readonly owner: string;
  /** The offers of the owner, newest first. */
  readonly counting: readonly PluginOffer[];
  /** Whether another plugin brings it too. */
  readonly isContested: boolean;
}

/** By id; what cannot be settled is added to `faults`. */
function countingOf(sort: Sort, offers: readonly PluginOffer[], faults: LlmteamError[]): Map<string, Counting> {
  const settled = new Map<string, Counting>();
  for (const [id, rivals] of byId(offers, sortsOf[sort])) {
    const owner = ownerOf(sort, id, rivals);
    if (typeof owner !== 'string') {
      faults.push(owner);
      continue;
    }
    const counting = rivals.filter(({ plugin }) => plugin.name === owner).sort(newestFirst);
    settled.set(id, { owner, counting, isContested: counting.length < rivals.length });
  }
  return settled;
}

function byId(
  offers: readonly PluginOffer[],
  idsOf: (offer: PluginOffer) => readonly string[],
): Map<string, PluginOffer[]> {
  const found = new Map<string, PluginOffer[]>();
  for (const offer of offers) for (const id of new Set(idsOf(offer))) found.set(id, [...(found.get(id) ?? []), offer]);
  return found;
}

/** The name of the plugin that counts, or why none does. */
function ownerOf(sort: Sort, id: string, rivals: readonly PluginOffer[]): string | LlmteamError {
  const names = namesOf(rivals);
  const [first = ''] = names;
  if (names.length === 1) return first;
  const who = names.map((name) => `'${name}'`).join(' and ');
  const chosen = namesOf(rivals.filter(({ replaces }) => replaces.includes(id)));
  const [owner] = chosen;
  if (owner === undefined) {
    const way = `to say which counts, give its entry of 'plugins' "replaces": ["${id}"]`;
    return duplicate(`plugins ${who} both bring the ${sort} '${id}'; ${way}`);
  }
  if (chosen.length > 1)
    return duplicate(`plugins ${who} bring the ${sort} '${id}', and several of them say that they replace it`);
  const versions = new Set(rivals.filter(({ plugin }) => plugin.name === owner).map(({ source }) => source.version));
  const same = rivals.find(({ plugin, source }) => plugin.name !== owner && versions.has(source.version));
  if (sort === 'model provider' || same === undefined) return owner;
  const both = `'${owner}' and '${same.plugin.name}' both bring the ${sort} '${id}' in version ${same.source.version}`;
  return duplicate(
    `plugins ${both}; one that replaces another needs a version of its own, because runs are pinned to it`,
  );
}

function namesOf(offers: readonly PluginOffer[]): string[] {
  return [...new Set(offers.map(({ plugin }) => plugin.name))];
}

function newestFirst(a: PluginOffer, b: PluginOffer): number {
  return semver.rcompare(a.source.version, b.source.version);
}

function newestCounts(id: string, counting: readonly PluginOffer[]): string {
  const [newest, ...older] = counting.map(({ source }) => source.version);
  const name = counting[0]?.plugin.name;
  return `the model provider '${id}' is that of plugin '${name}' ${newest}, not of ${older.join(', ')}`;
}

function unneeded(offers: readonly PluginOffer[]): string[] {
  const idsOf = (offer: PluginOffer): string[] => Object.values(sortsOf).flatMap((ids) => ids(offer));
  return offers.flatMap((offer) =>
    offer.replaces.flatMap((id) => {
      const { specifier } = offer.source;
      const own = idsOf(offer);
      if (!own.includes(id)) {
        return `'replaces' of plugin '${specifier}' names '${id}', which it does not bring${hint(new ClosestName().find(id, own), own)}`;
      }
      const isRival = (other: PluginOffer): boolean =>
        other.plugin.name !== offer.plugin.name && idsOf(other).includes(id);
      return offers.some(isRival)
        ? []
        : `'replaces' of plugin '${specifier}' names '${id}', which no other plugin brings`;
    }),
  );
}

/** @throws LlmteamError `PLUGIN_DUPLICATE` unless the package is another version of those with the same name */
export function checkName(
  { manifest: { name }, specifier, packageName, version }: PluginPackage,
  isOurs: boolean,
  loaded: readonly (PluginOffer & { readonly standing: PluginStanding })[],
): void {
  for (const { source, standing } of loaded.filter(({ plugin }) => plugin.name === name)) {
    const both = `'${source.specifier}' and '${specifier}'`;
    const are = `two plugins are named '${name}'`;
    if (source.version === version) throw duplicate(`${are} and have version ${version}: ${both}`);
    if (standing.isOurs === isOurs && source.packageName === packageName) continue;
    const packages = `'${source.packageName}' and '${packageName}'`;
    throw duplicate(`${are}, but they are not versions of one package: ${both} are ${packages}`);
  }
}

function duplicate(message: string): LlmteamError {
  return new LlmteamError('PLUGIN_DUPLICATE', message);
}
