/** Metadata of a step type from what its author wrote, with defaults for all the rest. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject, PortSpec, StepTypeDescription } from '@llmteam/contracts';
import { IsOptional, type TProperties, type TSchema, Type } from 'typebox';
import { withOptionalDefaults } from './optional-defaults.js';
import type { ValueOf } from './value-of.js';

/** What people and editors see of a step type. */
export interface Appearance<Config extends TSchema> {
  /** The type id: lower case letters, digits and underscores. */
  readonly type: string;
  /** Default: made from `type`. */
  readonly title?: string;
  readonly description?: string;
  /** Default `utility`. */
  readonly category?: StepTypeDescription['category'];
  /** The name of an icon. Default `box`. */
  readonly icon?: string;
  /** A CSS color. Default `#64748b`. */
  readonly color?: string;
  readonly docsUrl?: string;
  /** Default: no config. Defaults in it are filled in before the step runs, so such a property need not be given. */
  readonly config?: Config;
  /** Valid configs, shown in the catalog and checked when the plugin is loaded. */
  readonly examples?: readonly Partial<ValueOf<Config>>[];
}

export interface Ports {
  readonly input?: TSchema;
  readonly inputs?: TProperties;
  readonly outputs?: TProperties;
}

/** @throws TypeError naming a port that is declared twice, or an example that is not JSON */
export function describe<Config extends TSchema>(
  definition: Appearance<Config> & Ports,
): Omit<StepTypeDescription, 'is_async'> {
  const { type, input, inputs = {}, outputs = { output: Type.Unknown() } } = definition;
  if (Object.hasOwn(inputs, 'input')) {
    throw new TypeError(`step type '${type}': the port 'input' is described by \`input\`, not by \`inputs\``);
  }
  return {
    type_id: type,
    display_name: definition.title ?? titleOf(type),
    description: definition.description ?? '',
    category: definition.category ?? 'utility',
    icon: definition.icon ?? 'box',
    color: definition.color ?? '#64748b',
    config_schema: withOptionalDefaults(plain(definition.config ?? Type.Object({}, { additionalProperties: false }))),
    input_ports: [portOf('input', input ?? Type.Optional(Type.Unknown())), ...portsOf(inputs)],
    output_ports: portsOf(outputs),
    supports_retry: true,
    supports_timeout: true,
    supports_parallel: true,
    docs_url: definition.docsUrl ?? '',
    examples: (definition.examples ?? []).map((example, index) => plainExample(type, index, example)),
  };
}

/** `word_count` → `Word count` */
function titleOf(type: string): string {
  const words = type.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function portsOf(ports: TProperties): PortSpec[] {
  return Object.entries(ports).map(([name, schema]) => portOf(name, schema));
}

const types: readonly string[] = ['string', 'number', 'boolean', 'object', 'array'];

function portOf(name: string, schema: TSchema): PortSpec {
  const { description = '', default: preset, ...rules } = plain(schema);
  const { type } = rules;
  const isSimple = typeof type === 'string' && types.includes(type);
  const says = Object.keys(rules).length > (isSimple ? 1 : 0);
  return {
    name,
    type: isSimple ? (type as PortSpec['type']) : 'any',
    description: String(description),
    required: !IsOptional(schema) && preset === undefined,
    ...(preset !== undefined && { default: preset }),
    ...(says && { schema: rules }),
  };
}

function plainExample(type: string, index: number, example: unknown): JsonObject {
  try {
    const copy = plain(example);
    if (isDeepStrictEqual(copy, example)) return copy;
  } catch (cause) {
    throw new TypeError(`step type '${type}': examples[${index}] is not JSON`, { cause });
  }
  throw new TypeError(`step type '${type}': examples[${index}] is not JSON`);
}

/** A copy without what TypeBox keeps for itself. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
