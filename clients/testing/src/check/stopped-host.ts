import type { PluginHost } from '@llmteam/kernel';
import type { LogLine } from '../recorded-log.js';

/** Stops a host, which logs what goes wrong and goes on. @throws Error with what it logged */
export async function stopped(host: PluginHost, logs: readonly LogLine[]): Promise<undefined> {
  const before = logs.length;
  await host.stop();
  const failed = logs.slice(before).find(({ level }) => level === 'error');
  if (failed === undefined) return undefined;
  const { err } = failed.fields;
  throw new Error(`${failed.message}: ${err instanceof Error ? err.message : String(err)}`, { cause: err });
}
