import { type Json, LlmteamError, type PortSpec, type StepTypeMetadata } from '@llmteam/contracts';
import { ClosestName, type StepCatalog } from '@llmteam/kernel';
import { loadPlugins } from '@llmteam/service-host';
import { type Colours, makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { makeLog } from '../log.js';
import { plainText } from '../plain-text.js';
import type { Gateway } from '../remote/gateway-address.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

/** All step types, or the requested one. */
type Shown = readonly StepTypeMetadata[] | StepTypeMetadata;

export async function catalog(
  settings: Settings,
  [type]: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const colours = makeColours(settings.colours.stdout);
  const shown =
    settings.gateway === null ? await localTypes(settings, type) : await gatewayTypes(settings, settings.gateway, type);
  const text = 'type_id' in shown ? description(shown, colours) : list(shown, colours, settings.streams.stdoutColumns);
  const asJson = 'type_id' in shown ? shown : { types: shown, cursor: null };
  settings.streams.print(json === true ? `${JSON.stringify(asJson, null, 2)}\n` : text);
  return exitCodes.completed;
}

async function localTypes(settings: Settings, type?: string): Promise<Shown> {
  const config = configHere(settings);
  const { catalog: types } = await loadPlugins(config, await makeLog(settings, config));
  return type === undefined ? types.list() : found(types, type);
}

async function gatewayTypes(settings: Settings, gateway: Gateway, type?: string): Promise<Shown> {
  const { typeAtGateway, typesAtGateway } = await import('../remote/gateway-catalog.js');
  if (type?.includes('@') === true) return typeAtGateway(settings, gateway, type);
  const types = await typesAtGateway(settings, gateway);
  if (type === undefined) return types;
  const one = types.find(({ type_id }) => type_id === type);
  if (one !== undefined) return one;
  throw unknownType(
    type,
    types.map(({ type_id }) => type_id),
  );
}

function found(types: StepCatalog, type: string): StepTypeMetadata {
  const choice = types.choose(type);
  if (choice.kind === 'found') return choice.entry.metadata;
  if (choice.kind === 'unknown_version') {
    throw new LlmteamError('USAGE', `no installed version matches '${type}'; available: ${choice.versions.join(', ')}`);
  }
  throw unknownType(type, types.typeIds());
}

function unknownType(type: string, known: readonly string[]): LlmteamError {
  const meant = new ClosestName().find(type.replace(/@.*/, ''), known);
  const hint = meant === undefined ? `; available: ${known.join(', ')}` : `, did you mean '${meant}'?`;
  return new LlmteamError('USAGE', `there is no step type '${type}'${hint}`);
}

function list(types: readonly StepTypeMetadata[], colours: Colours, width: number | null): string {
  const rows = types.map(({ type_id, version, category, description: text }) => [
    { text: type_id, colour: colours.bold },
    version,
    category,
    text,
  ]);
  return table(['TYPE', 'VERSION', 'CATEGORY', 'DESCRIPTION'], rows, colours, { width, whole: [0] });
}

function description(type: StepTypeMetadata, colours: Colours): string {
  const { type_id, version, description: text, config_schema, input_ports, output_ports, examples } = type;
  const parts = [
    `${colours.bold(type_id)} ${version}\n${plainText(text)}\n`,
    `\n${table(['CONFIG', 'TYPE', '', 'DESCRIPTION'], configRows(config_schema), colours)}`,
    `\n${table(['PORT', 'TYPE', '', 'DESCRIPTION'], [...portRows('in', input_ports), ...portRows('out', output_ports)], colours)}`,
    ...examples.map((example) => `\n${colours.dim('example')} ${JSON.stringify({ type: type_id, config: example })}\n`),
  ];
  return parts.join('');
}

function configRows(schema: StepTypeMetadata['config_schema']): string[][] {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(asObject(schema.properties)).map(([name, property]) => {
    const { description: text = '' } = asObject(property);
    return [name, kindOf(property), required.has(name) ? 'required' : defaultOf(property), String(text)];
  });
}

function defaultOf(property: Json): string {
  const value = asObject(property).default;
  return value === undefined ? '' : `= ${JSON.stringify(value)}`;
}

function kindOf(property: Json): string {
  const { type, enum: values, 'x-cel': isCel } = asObject(property);
  if (isCel !== undefined) return 'CEL';
  if (Array.isArray(values)) return values.map(String).join(' | ');
  return type === undefined ? 'any' : String(type);
}

const always = { in: 'in, required', out: 'out, always' } as const;

/** Any other port is optional. */
function portRows(direction: keyof typeof always, ports: readonly PortSpec[]): string[][] {
  return ports.map(({ name, type, required, description: text }) => {
    return [name, type, required ? always[direction] : direction, text];
  });
}

function asObject(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as never) : {};
}
