import type { Json } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';

/** Names of the variables that `env:NAME` anywhere in a value stands for and that are not set. */
export function unsetVariables(value: Json, config: Pick<Config, 'environment'>): string[] {
  const missing = new Set<string>();
  const todo: Json[] = [value];
  for (const part of todo) {
    if (typeof part === 'object' && part !== null) todo.push(...Object.values(part));
    if (typeof part !== 'string' || !part.startsWith('env:')) continue;
    const name = part.slice('env:'.length);
    if ((config.environment[name] ?? '') === '') missing.add(name);
  }
  return [...missing].sort();
}
