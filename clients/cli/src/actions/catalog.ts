import { type Json, LlmteamError, type PortSpec, type StepTypeMetadata } from '@llmteam/contracts';
import type { StepCatalog } from '@llmteam/kernel';
import { load_plugins } from '@llmteam/service-host';
import { type Colours, make_colours } from '../colours.js';
import { config_here } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { make_log } from '../log.js';
import { plain_text } from '../plain-text.js';
import type { Gateway } from '../remote/gateway-address.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

/** All of them, or the one that was asked for. */
type Shown = readonly StepTypeMetadata[] | StepTypeMetadata;

export async function catalog(
  settings: Settings,
  [type]: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const colours = make_colours(settings.colours.stdout);
  const shown =
    settings.gateway === null ? await types_here(settings, type) : await types_there(settings, settings.gateway, type);
  const text = 'type_id' in shown ? description(shown, colours) : list(shown, colours);
  settings.streams.print(json === true ? `${JSON.stringify(shown, null, 2)}\n` : text);
  return exit_codes.completed;
}

async function types_here(settings: Settings, type?: string): Promise<Shown> {
  const config = config_here(settings);
  const { catalog: types } = await load_plugins(config, await make_log(settings, config));
  return type === undefined ? types.list() : found(types, type);
}

async function types_there(settings: Settings, gateway: Gateway, type?: string): Promise<Shown> {
  const { types_at_gateway } = await import('../remote/gateway-catalog.js');
  const types = await types_at_gateway(settings, gateway);
  if (type === undefined) return types;
  const one = types.find(({ type_id }) => type_id === type);
  if (one !== undefined) return one;
  const known = types.map(({ type_id }) => type_id).join(', ');
  throw new LlmteamError('USAGE', `there is no step type '${type}'; there are ${known}`);
}

function found(types: StepCatalog, type: string): StepTypeMetadata {
  const choice = types.choose(type);
  if (choice.kind === 'found') return choice.entry.metadata;
  if (choice.kind === 'unknown_version') {
    throw new LlmteamError('USAGE', `no installed version fits '${type}'; there is ${choice.versions.join(', ')}`);
  }
  throw new LlmteamError('USAGE', `there is no step type '${type}'; there are ${types.type_ids().join(', ')}`);
}

function list(types: readonly StepTypeMetadata[], colours: Colours): string {
  const rows = types.map(({ type_id, version, category, description: text }) => [
    { text: type_id, colour: colours.bold },
    version,
    category,
    text,
  ]);
  return table(['TYPE', 'VERSION', 'CATEGORY', 'WHAT IT DOES'], rows, colours);
}

function description(type: StepTypeMetadata, colours: Colours): string {
  const { type_id, version, description: text, config_schema, input_ports, output_ports, examples } = type;
  const parts = [
    `${colours.bold(type_id)} ${version}\n${plain_text(text)}\n`,
    `\n${table(['CONFIG', 'TYPE', '', 'WHAT IT IS'], config_rows(config_schema), colours)}`,
    `\n${table(['PORT', 'TYPE', '', 'WHAT IT CARRIES'], [...port_rows('in', input_ports), ...port_rows('out', output_ports)], colours)}`,
    ...examples.map((example) => `\n${colours.dim('example')} ${JSON.stringify({ type: type_id, config: example })}\n`),
  ];
  return parts.join('');
}

function config_rows(schema: StepTypeMetadata['config_schema']): string[][] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(as_object(schema.properties)).map(([name, property]) => {
    const { description: text = '' } = as_object(property);
    return [name, kind_of(property), required.has(name) ? 'required' : default_of(property), String(text)];
  });
}

function default_of(property: Json): string {
  const value = as_object(property).default;
  return value === undefined ? '' : `= ${JSON.stringify(value)}`;
}

function kind_of(property: Json): string {
  const { type, enum: values, 'x-cel': is_cel } = as_object(property);
  if (is_cel !== undefined) return 'CEL';
  if (Array.isArray(values)) return values.map(String).join(' | ');
  return type === undefined ? 'any' : String(type);
}

function port_rows(direction: string, ports: readonly PortSpec[]): string[][] {
  return ports.map(({ name, type, description: text }) => [name, type, direction, text]);
}

function as_object(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : {};
}
