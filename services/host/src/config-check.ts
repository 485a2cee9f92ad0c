import { LlmteamError } from '@llmteam/contracts';
import { contractFaults, makeAjv } from '@llmteam/kernel';
import { ConfigFile } from './config-schema.js';

/**
 * Fills in the defaults of the sections that are there.
 * @throws LlmteamError `CONFIG_INVALID` with every problem; one that came by a variable names the variable
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

/** Only the keys that are there: the schemas of the rest would take longer to compile than all else a command does at its start. */
function schemaOfKeys(value: unknown): object {
  const isObject = typeof value === 'object' && value !== null;
  const known = Object.entries(ConfigFile.properties).filter(([key]) => isObject && Object.hasOwn(value, key));
  return { ...ConfigFile, properties: Object.fromEntries(known) };
}

/** The variable that gave the value there or around there. */
function variableOf(path: string, givenBy: ReadonlyMap<string, string>): string | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const variable = givenBy.get(path.slice(0, end));
    if (variable !== undefined) return variable;
  }
  return undefined;
}
