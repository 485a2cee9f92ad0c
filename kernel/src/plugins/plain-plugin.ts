/**
 * Purpose: reads what a package exports, once. Everything that follows works on the copy, so a getter or a proxy that answers differently
 * the next time, or that throws, is a fault of the plugin when it is loaded and never later.
 * Owns: copying, and saying which place cannot be read. Does not own: what the values mean (plugin-shape.ts, metadata-check.ts).
 */
import { LlmteamError, type Plugin, toErrorInfo } from '@llmteam/contracts';
import { jsonFault } from '../runtime/json-guard.js';
import { jsonCopy } from './json-copy.js';
import { type Members, membersOf, pluginShapeFaults } from './plugin-shape.js';

/** More of one sort is a mistake, or meant to keep the host busy. */
const longestList = 1_000;
const mostKeys = 1_000;
/** Members that are data; all others are methods or plain values. */
const data = new Set(['metadata', 'config_schema', 'configSchema']);

/** @throws LlmteamError `PLUGIN_INVALID` naming everything that is wrong, or cannot be read */
export function plainPlugin(specifier: string, exported: unknown): Plugin {
  const reading = new Reading();
  const plugin = reading.plugin(exported);
  if (plugin === null) throw invalid(specifier, ['it must export a plugin as its default']);
  // What could not be read would be missed as well.
  const faults = reading.faults.length > 0 ? reading.faults : pluginShapeFaults(plugin);
  if (faults.length > 0) throw invalid(specifier, faults);
  return plugin;
}

class Reading {
  readonly faults: string[] = [];

  plugin(exported: unknown): Plugin | null {
    if (typeof exported !== 'object' || exported === null) return null;
    const plugin = this.snapshot('', exported, membersOf.plugin);
    for (const list of ['stepTypes', 'modelProviders'] as const) {
      if (plugin[list] !== undefined) plugin[list] = this.list(list, plugin[list]);
    }
    if (plugin.backend !== undefined) plugin.backend = this.part('backend', plugin.backend, membersOf.backend);
    return plugin as unknown as Plugin;
  }

  private list(place: string, list: unknown): unknown {
    if (!Array.isArray(list)) return list;
    const length = Number(this.read(place, list, 'length'));
    if (!(length <= longestList)) {
      this.faults.push(`${place} has more than ${longestList} members`);
      return [];
    }
    return Array.from({ length }, (_, index) => {
      const at = `${place}[${index}]`;
      const members = place === 'stepTypes' ? { ...membersOf.task, ...membersOf.control } : membersOf.provider;
      return this.part(at, this.read(at, list, index), members);
    });
  }

  private part(place: string, value: unknown, members: Members): unknown {
    return typeof value === 'object' && value !== null ? this.snapshot(place, value, members) : value;
  }

  /** Known members, those of a class included; of all others only the name, which may be misspelt. */
  private snapshot(place: string, value: object, members: Members): Record<string, unknown> {
    const plain: Record<string, unknown> = {};
    const known = Object.keys(members);
    for (const key of this.keysOf(place, value)) if (!known.includes(key)) plain[key] = undefined;
    for (const key of known) {
      const at = place === '' ? `'${key}'` : `${place}.${key}`;
      const member = this.read(at, value, key);
      if (member !== undefined) plain[key] = data.has(key) ? this.data(at, member) : methodOf(member, value);
    }
    return plain;
  }

  private data(place: string, value: unknown): unknown {
    try {
      const copy = jsonCopy(value);
      const fault = jsonFault(copy);
      const isObject = typeof copy === 'object' && copy !== null && !Array.isArray(copy);
      if (fault !== null) this.faults.push(`${place} is not JSON: ${fault}`);
      else if (!isObject) this.faults.push(`${place} must be an object`);
      return copy;
    } catch (thrown) {
      this.refuse(place, thrown);
      return undefined;
    }
  }

  private keysOf(place: string, value: object): string[] {
    try {
      return Object.keys(value).slice(0, mostKeys);
    } catch (thrown) {
      this.refuse(place === '' ? 'what it exports' : place, thrown);
      return [];
    }
  }

  private read(place: string, value: object, key: string | number): unknown {
    try {
      return Reflect.get(value, key);
    } catch (thrown) {
      this.refuse(place, thrown);
      return undefined;
    }
  }

  private refuse(place: string, thrown: unknown): void {
    this.faults.push(`${place} cannot be read: ${toErrorInfo(thrown).error_message}`);
  }
}

function methodOf(member: unknown, owner: object): unknown {
  if (typeof member !== 'function') return member;
  return (...given: unknown[]): unknown => Reflect.apply(member, owner, given);
}

function invalid(specifier: string, faults: readonly string[]): LlmteamError {
  return new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
}
