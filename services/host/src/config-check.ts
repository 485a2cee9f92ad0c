import { LlmteamError } from '@llmteam/contracts';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { distance } from 'fastest-levenshtein';
import { ConfigFile } from './config-schema.js';

/**
 * Fills in the defaults of the sections that are there.
 * @throws LlmteamError `CONFIG_INVALID` with every problem; one that came by a variable names the variable
 */
export function check_config(what: string, value: unknown, given_by: ReadonlyMap<string, string>): ConfigFile {
  const ajv = new Ajv2020({ allErrors: true, meta: false, validateSchema: false, useDefaults: true, verbose: true });
  if (ajv.validate(schema_of_keys(value), value)) return value as ConfigFile;
  const lines = (ajv.errors ?? [])
    .filter(({ keyword }) => keyword !== 'propertyNames')
    .map((error) => describe(error, given_by));
  throw new LlmteamError('CONFIG_INVALID', `${what} is not a valid configuration: ${lines.join('; ')}`);
}

/** Only the keys that are there: the schemas of the rest would take longer to compile than all else a command does at its start. */
function schema_of_keys(value: unknown): object {
  const is_object = typeof value === 'object' && value !== null;
  const known = Object.entries(ConfigFile.properties).filter(([key]) => is_object && Object.hasOwn(value, key));
  return { ...ConfigFile, properties: Object.fromEntries(known) };
}

function describe(error: ErrorObject, given_by: ReadonlyMap<string, string>): string {
  const place = place_of(error.instancePath, given_by);
  const { message = 'is invalid', params, keyword } = error;
  if (keyword === 'additionalProperties') return `${place} ${message} '${params.additionalProperty}'${near(error)}`;
  if (keyword === 'enum') return `${place} ${message}: ${JSON.stringify(params.allowedValues)}`;
  return `${place} ${message}`;
}

/** `/worker/http/port`, or the variable that gave the value there or around there. */
function place_of(path: string, given_by: ReadonlyMap<string, string>): string {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const variable = given_by.get(path.slice(0, end));
    if (variable !== undefined) return variable;
  }
  return path || '/';
}

/** The key that was probably meant. */
function near({ params, parentSchema, instancePath }: ErrorObject): string {
  const schema = instancePath === '' ? ConfigFile : (parentSchema as { properties?: object } | undefined);
  const known = Object.keys(schema?.properties ?? {});
  const [best] = known
    .map((name) => ({ name, far: distance(name, String(params.additionalProperty)) }))
    .filter(({ far }) => far <= 2)
    .sort((a, b) => a.far - b.far);
  return best === undefined ? '' : `, did you mean '${best.name}'?`;
}
