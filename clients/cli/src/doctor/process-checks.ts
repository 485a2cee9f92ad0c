/** Checks that need no server: Node.js, configuration, plugins. */
import type { Json, Logger } from '@llmteam/contracts';
import { loadPlugins, type Plugins, type ServiceConfig } from '@llmteam/service-host';
import { unsetVariables } from '../known-variables.js';
import { type Check, counted, ok, problem, reasonOf, warning } from './check.js';

const node = 'node';
const configuration = 'configuration';

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major >= 24;
  if (!isSupported) return problem(node, `Node.js ${version} is not supported; use ^20.19, ^22.13 or >=24`);
  if (major === 20) return warning(node, `Node.js ${version} is supported, but no longer receives security fixes`);
  return ok(node, `Node.js ${version}`);
}

export function checkConfiguration(config: ServiceConfig): Check[] {
  const from =
    config.path === null ? 'no llmteam.config.json found; using defaults and environment variables' : config.path;
  const checks: Check[] = [ok(configuration, from)];
  for (const variable of config.unknownVariables) {
    checks.push(warning(configuration, `the variable ${variable} does not match any configuration key`));
  }
  const { nats, backend, ...rest } = config.file;
  for (const variable of unsetVariables((backend ?? nats) as Json, config)) {
    checks.push(problem(configuration, `the variable ${variable} is not set, but the connection needs it`));
  }
  const missing = unsetVariables(rest as Json, config);
  if (missing.length > 0)
    checks.push(warning(configuration, `not set: ${missing.join(', ')}; steps that need them will fail`));
  return checks;
}

/** With what was loaded, unless that failed. */
export async function checkPlugins(
  config: ServiceConfig,
  log: Logger,
): Promise<{ readonly checks: readonly Check[]; readonly plugins: Plugins | null }> {
  try {
    const plugins = await loadPlugins(config, log);
    const remarks = plugins.remarks.map((message) => warning(configuration, message));
    return { checks: [ok('plugins', describePlugins(plugins)), ...remarks], plugins };
  } catch (error) {
    return { checks: [problem('plugins', reasonOf(error))], plugins: null };
  }
}

function describePlugins({ loaded, catalog }: Plugins): string {
  const tasks = catalog.entries().filter(({ task }) => task !== null).length;
  const controls = catalog.entries().length - tasks;
  return `${counted(loaded.length, 'plugin')} with ${counted(tasks, 'task type')} and ${counted(controls, 'control type')}`;
}
