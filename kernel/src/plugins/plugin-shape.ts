/**
 * Checks what a plugin exports, before anything of it is registered. Misspelt members are refused: plugins may be plain JavaScript, where
 * they would silently do nothing. Other members are the plugin's own, such as the fields of a class.
 */
import { LlmteamError, type Plugin } from '@llmteam/contracts';
import { kindInWords } from '../json/kind-in-words.js';
import { ClosestName } from '../validation/closest-name.js';

export type Members = Readonly<Record<string, 'required' | 'optional'>>;

/** The members of each object that a plugin provides. */
export const membersOf = {
  plugin: {
    name: 'required',
    api: 'required',
    stepTypes: 'optional',
    modelProviders: 'optional',
    backend: 'optional',
    start: 'optional',
    stop: 'optional',
  },
  task: { kind: 'required', metadata: 'required', concurrency: 'optional', run: 'required' },
  control: {
    kind: 'required',
    metadata: 'required',
    activation: 'optional',
    hasRegion: 'optional',
    firesAllPorts: 'optional',
    catchesFailures: 'optional',
    ports: 'optional',
    innerSteps: 'optional',
    react: 'required',
  },
  provider: { providerId: 'required', description: 'required', config_schema: 'required', create: 'required' },
  backend: { configSchema: 'required', open: 'required', inspect: 'optional', openIndex: 'optional' },
} as const satisfies Readonly<Record<string, Members>>;

/** What the host calls. */
const methods = [
  'start',
  'stop',
  'run',
  'react',
  'catchesFailures',
  'ports',
  'innerSteps',
  'create',
  'open',
  'inspect',
  'openIndex',
];
/** Opening and closing a backend is all there is to it; what else a plugin may have would be ignored. */
const notBesideBackend = ['stepTypes', 'modelProviders', 'start', 'stop'] as const;

/** @throws LlmteamError `PLUGIN_INVALID` naming everything that is wrong */
export function checkPluginShape(specifier: string, plugin: Plugin): void {
  const faults = pluginShapeFaults(plugin);
  if (faults.length > 0) throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
}

export function pluginShapeFaults(plugin: Plugin): string[] {
  return [
    ...memberFaults('it', plugin, membersOf.plugin),
    ...methodFaults('it', plugin, membersOf.plugin),
    ...identityFaults(plugin),
    ...listFaults(plugin, 'stepTypes', stepTypeFaults),
    ...listFaults(plugin, 'modelProviders', providerFaults),
    ...backendFaults(plugin),
  ];
}

/** Absent ones are missed by others. */
function identityFaults({ name, api }: Partial<Plugin>): string[] {
  return [
    ...(name === undefined || typeof name === 'string' ? [] : ["it has a 'name' that is not a text"]),
    ...(api === undefined || typeof api === 'number' ? [] : ["it has an 'api' that is not a number"]),
  ];
}

function listFaults(
  plugin: Plugin,
  key: 'stepTypes' | 'modelProviders',
  faultsOf: (place: string, one: unknown) => string[],
): string[] {
  const list: unknown = plugin[key];
  if (list === undefined) return [];
  if (!Array.isArray(list)) return [`its '${key}' must be a list`];
  return list.flatMap((one: unknown, index) => faultsOf(`${key}[${index}]`, one));
}

function stepTypeFaults(place: string, type: unknown): string[] {
  const kind = typeof type === 'object' && type !== null && 'kind' in type ? type.kind : undefined;
  if (kind === 'task') return [...partFaults(place, type, membersOf.task), ...concurrencyFaults(place, type)];
  if (kind === 'control') return [...partFaults(place, type, membersOf.control), ...scopeFaults(place, type)];
  return [`${place} must have kind 'task' or 'control'`];
}

/** The scopes that a step opens are all of one kind. */
function scopeFaults(place: string, type: unknown): string[] {
  const { hasRegion, innerSteps } = type as { readonly hasRegion?: unknown; readonly innerSteps?: unknown };
  return hasRegion === true && innerSteps !== undefined
    ? [`${place} has a region, so it cannot have 'innerSteps'`]
    : [];
}

function concurrencyFaults(place: string, type: unknown): string[] {
  const { concurrency } = type as { readonly concurrency?: unknown };
  const isFine = concurrency === undefined || (Number.isInteger(concurrency) && (concurrency as number) >= 1);
  return isFine ? [] : [`${place} has a 'concurrency' that is not a whole number ≥ 1`];
}

function providerFaults(place: string, provider: unknown): string[] {
  const faults = partFaults(place, provider, membersOf.provider);
  if (faults.length > 0) return faults;
  const { providerId, description, config_schema } = provider as Readonly<Record<string, unknown>>;
  const isId = typeof providerId === 'string' && /^\S{1,64}$/.test(providerId);
  const isSchema = typeof config_schema === 'object' && config_schema !== null && !Array.isArray(config_schema);
  return [
    ...(isId ? [] : [`${place} has a 'providerId' that is not a name of up to 64 characters`]),
    ...(typeof description === 'string' ? [] : [`${place} has a 'description' that is not a text`]),
    ...(isSchema ? [] : [`${place} has a 'config_schema' that is not an object`]),
  ];
}

function backendFaults(plugin: Plugin): string[] {
  const { backend } = plugin;
  if (backend === undefined) return [];
  const ignored = notBesideBackend.filter((member) => plugin[member] !== undefined);
  return [
    ...partFaults('backend', backend, membersOf.backend),
    ...ignored.map((member) => `it has a 'backend', so it cannot have '${member}'`),
  ];
}

function partFaults(place: string, value: unknown, members: Members): string[] {
  return [...memberFaults(place, value, members), ...methodFaults(place, value, members)];
}

function methodFaults(place: string, value: unknown, members: Members): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return methods
    .filter((key) => {
      const member = (value as Record<string, unknown>)[key];
      return Object.hasOwn(members, key) && member !== undefined && typeof member !== 'function';
    })
    .map((key) => `${place}: '${key}' must be a function, not ${kindInWords((value as Record<string, unknown>)[key])}`);
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
