/**
 * Checks what a plugin exports, before anything of it is registered. Misspelt members are refused: plugins may be plain JavaScript, where
 * they would silently do nothing. Other members are the plugin's own, such as the fields of a class.
 */
import { LlmteamError, type Plugin } from '@llmteam/contracts';
import { ClosestName } from '../validation/closest-name.js';

export type Members = Readonly<Record<string, 'required' | 'optional'>>;

const pluginMembers: Members = {
  name: 'required',
  api: 'required',
  stepTypes: 'optional',
  modelProviders: 'optional',
  backend: 'optional',
  start: 'optional',
  stop: 'optional',
};
const taskMembers: Members = { kind: 'required', metadata: 'required', concurrency: 'optional', run: 'required' };
const controlMembers: Members = {
  kind: 'required',
  metadata: 'required',
  activation: 'optional',
  hasRegion: 'optional',
  firesAllPorts: 'optional',
  catchesFailures: 'optional',
  ports: 'optional',
  react: 'required',
};
const providerMembers: Members = {
  providerId: 'required',
  description: 'required',
  config_schema: 'required',
  create: 'required',
};
const backendMembers: Members = {
  configSchema: 'required',
  open: 'required',
  inspect: 'optional',
  openIndex: 'optional',
};
/** Opening and closing a backend is all there is to it; what else a plugin may have would be ignored. */
const notBesideBackend = ['stepTypes', 'modelProviders', 'start', 'stop'] as const;

/** @throws LlmteamError `PLUGIN_INVALID` naming everything that is wrong */
export function checkPluginShape(specifier: string, plugin: Plugin): void {
  const faults = [
    ...memberFaults('it', plugin, pluginMembers),
    ...listOf(plugin.stepTypes).flatMap((type, index) => stepTypeFaults(`stepTypes[${index}]`, type)),
    ...listOf(plugin.modelProviders).flatMap((provider, index) =>
      memberFaults(`modelProviders[${index}]`, provider, providerMembers),
    ),
    ...backendFaults(plugin),
  ];
  if (faults.length > 0) throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
}

function stepTypeFaults(place: string, type: unknown): string[] {
  const kind = typeof type === 'object' && type !== null && 'kind' in type ? type.kind : undefined;
  if (kind === 'task') return [...memberFaults(place, type, taskMembers), ...functionFaults(place, type, 'run')];
  if (kind === 'control')
    return [...memberFaults(place, type, controlMembers), ...functionFaults(place, type, 'react')];
  return [`${place} must have kind 'task' or 'control'`];
}

function functionFaults(place: string, value: unknown, member: string): string[] {
  const kind = typeof (value as Record<string, unknown>)[member];
  return kind === 'function' || kind === 'undefined' ? [] : [`${place}: '${member}' must be a function, not a ${kind}`];
}

function backendFaults(plugin: Plugin): string[] {
  const { backend } = plugin;
  if (backend === undefined) return [];
  const ignored = notBesideBackend.filter((member) => plugin[member] !== undefined);
  return [
    ...memberFaults('backend', backend, backendMembers),
    ...ignored.map((member) => `it has a 'backend', so it cannot have '${member}'`),
  ];
}

/** What is missing or misspelt in an object that a plugin provides. */
export function memberFaults(place: string, value: unknown, members: Members): string[] {
  if (typeof value !== 'object' || value === null) return [`${place} must be an object`];
  const known = Object.keys(members);
  const absent = known.filter((key) => (value as Record<string, unknown>)[key] === undefined);
  const closest = new ClosestName();
  const misspelt = Object.keys(value).flatMap((key) => {
    const meant = known.includes(key) ? undefined : closest.find(key, absent);
    return meant === undefined ? [] : [`${place} has an unknown member '${key}', did you mean '${meant}'?`];
  });
  const missing = absent.filter((key) => members[key] === 'required');
  return [...misspelt, ...missing.map((key) => `${place} has no '${key}'`)];
}

function listOf(list: readonly unknown[] | undefined): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}
