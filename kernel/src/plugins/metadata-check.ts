/**
 * Checks what a plugin says of its step types before anything of it is registered: the catalog, gateways and editors rely on it.
 * Skipped for our own plugins, whose metadata is tested.
 */
import { type JsonObject, LlmteamError, type ModelProvider, type StepTypeMetadata } from '@llmteam/contracts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { type ConfigChecker, configChecker } from '../catalog/config-checker.js';
import { metadataSchema } from '../catalog/metadata-schema.js';
import { jsonFault } from '../runtime/json-guard.js';
import { contractFaults } from '../validation/contract-faults.js';
import { makeAjv } from '../validation/schemas/ajv.js';
import type { PluginPackage } from './plugin-manifest.js';

/** @throws LlmteamError `PLUGIN_INVALID` naming everything that is wrong; `PLUGIN_DUPLICATE` if it brings something twice */
export function checkMetadata(
  { specifier }: Pick<PluginPackage, 'specifier'>,
  types: readonly StepTypeMetadata[],
  providers: readonly ModelProvider[] = [],
): void {
  const check = configChecker();
  const faults = [
    ...types.flatMap((metadata, index) => metadataFaults(metadata, index, check)),
    ...providers.flatMap(({ providerId, config_schema }) =>
      schemaFault(`model provider '${providerId}'`, 'config_schema', config_schema, check),
    ),
  ];
  if (faults.length > 0) throw new LlmteamError('PLUGIN_INVALID', `plugin '${specifier}': ${faults.join('; ')}`);
  refuseTwice(
    specifier,
    'step type',
    types.map(({ type_id }) => type_id),
  );
  refuseTwice(
    specifier,
    'model provider',
    providers.map(({ providerId }) => providerId),
  );
}

function refuseTwice(specifier: string, sort: string, ids: readonly string[]): void {
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice === undefined) return;
  throw new LlmteamError('PLUGIN_DUPLICATE', `plugin '${specifier}' brings the ${sort} '${twice}' twice`);
}

function metadataFaults(metadata: StepTypeMetadata, index: number, check: ConfigChecker): string[] {
  const fault = jsonFault(metadata);
  if (fault !== null) return [`the metadata of stepTypes[${index}] ${fault}`];
  const name = typeof metadata.type_id === 'string' ? `step type '${metadata.type_id}'` : `stepTypes[${index}]`;
  if (!checker()(metadata)) return contractFaults(metadataSchema, metadata, name).map(({ message }) => message);
  return [
    ...schemaFaults(name, metadata, check),
    ...portFaults(name, metadata),
    ...exampleFaults(name, metadata, check),
  ];
}

const compiled: { check?: ValidateFunction } = {};

function checker(): ValidateFunction {
  compiled.check ??= makeAjv().compile(metadataSchema);
  return compiled.check;
}

/** A schema that does not compile would fail in every process that meets it. */
function schemaFaults(
  name: string,
  { config_schema, input_ports, output_ports }: StepTypeMetadata,
  check: ConfigChecker,
): string[] {
  const schemas: [string, JsonObject][] = [
    ['config_schema', config_schema],
    ...[...input_ports, ...output_ports].flatMap((port) =>
      port.schema === undefined ? [] : [[`the schema of port '${port.name}'`, port.schema] as [string, JsonObject]],
    ),
  ];
  return schemas.flatMap(([what, schema]) => schemaFault(name, what, schema, check));
}

function schemaFault(name: string, what: string, schema: JsonObject, check: ConfigChecker): string[] {
  try {
    // Such a schema gives a promise, which every value would pass.
    if (JSON.stringify(schema).includes('"$async":')) throw new Error('$async is not allowed');
    check(schema, {});
    return [];
  } catch (thrown) {
    return [`${name}: ${what} is not a JSON Schema: ${thrown instanceof Error ? thrown.message : String(thrown)}`];
  }
}

function portFaults(name: string, { input_ports, output_ports }: StepTypeMetadata): string[] {
  return [input_ports, output_ports].flatMap((ports) => {
    const names = ports.map((port) => port.name);
    return [...new Set(names.filter((one, at) => names.indexOf(one) !== at))].map(
      (twice) => `${name} describes port '${twice}' twice`,
    );
  });
}

/** Examples with `${…}` are only valid once that is filled in. */
function exampleFaults(name: string, { config_schema, examples }: StepTypeMetadata, check: ConfigChecker): string[] {
  return examples.flatMap((example, index) => {
    if (JSON.stringify(example).includes('${')) return [];
    const fault = safely(() => check(config_schema, example, `examples[${index}]`));
    return fault === null ? [] : [`${name}: ${fault}`];
  });
}

/** The schema itself may not compile, which is told already. */
function safely(check: () => string | null): string | null {
  try {
    return check();
  } catch {
    return null;
  }
}
