import { LlmteamError } from '@llmteam/contracts';
import { contractFaults, makeAjv } from '@llmteam/kernel';
import { ConfigFile } from './config-schema.js';

/**
 * Validates the configuration and fills in the defaults of the sections that are present.
 * @throws LlmteamError `CONFIG_INVALID` listing every problem, with the environment variable that caused it
 */
export function checkConfig(what: string, value: unknown, givenBy: ReadonlyMap<string, string>): ConfigFile {
  const ajv = makeAjv({ useDefaults: true });
  if (ajv.validate(schemaOfKeys(value), value)) return value as ConfigFile;
  const lines = contractFaults(ConfigFile, value, 'configuration').map(({ path, message }) => {
    const variable = variableOf(path, givenBy);
    return variable === undefined ? message : `${variable}: ${message}`;
  });
  throw new LlmteamError('CONFIG_INVALID', `${what} is not a valid configuration\n${lines.join('\n')}`);
}

/** Only the keys that are present: compiling the other schemas would dominate the startup time of a command. */
function schemaOfKeys(value: unknown): object {
  const isObject = typeof value === 'object' && value !== null;
  const known = Object.entries(ConfigFile.properties).filter(([key]) => isObject && Object.hasOwn(value, key));
  return { ...ConfigFile, properties: Object.fromEntries(known) };
}

/** The environment variable that set the value at this path or at one of its parents. */
function variableOf(path: string, givenBy: ReadonlyMap<string, string>): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const variable = givenBy.get(path.slice(0, end));
    if (variable !== undefined) return variable;
  }
  return undefined;
}
