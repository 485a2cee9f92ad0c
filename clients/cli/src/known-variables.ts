import type { Json } from '@llmteam/contracts';
import type { Config } from '@llmteam/service-host';

/** Names of unset variables that a value references as `env:NAME` at any depth. */
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
