/** What can be checked without a server: Node itself, the configuration, the plugins. */
import type { Json, Logger } from '@llmteam/contracts';
import { load_plugins, type Plugins, type ServiceConfig } from '@llmteam/service-host';
import { unset_variables } from '../known-variables.js';
import { type Check, counted, ok, problem, reason_of, warning } from './check.js';

const node = 'node';
const configuration = 'configuration';

export function check_node(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const is_supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major >= 24;
  if (!is_supported)
    return problem(node, `Node.js ${version}; needed is 20.19 or later of 20, 22.13 or later of 22, or 24`);
  if (major === 20) return warning(node, `Node.js ${version} works, but gets no security fixes any more`);
  return ok(node, `Node.js ${version}`);
}

export function check_configuration(config: ServiceConfig): Check[] {
  const from = config.path === null ? 'there is no llmteam.config.json: defaults and environment' : config.path;
  const checks: Check[] = [ok(configuration, from)];
  for (const variable of config.unknown_variables) {
    checks.push(warning(configuration, `the variable ${variable} names no key of the configuration`));
  }
  const { nats, ...rest } = config.file;
  for (const variable of unset_variables(nats as Json, config)) {
    checks.push(problem(configuration, `the variable ${variable} is not set; the connection needs it`));
  }
  const missing = unset_variables(rest as Json, config);
  if (missing.length > 0)
    checks.push(warning(configuration, `not set: ${missing.join(', ')}; steps that need them will fail`));
  return checks;
}

export async function check_plugins(config: ServiceConfig, log: Logger): Promise<Check> {
  try {
    return ok('plugins', plugins_in_words(await load_plugins(config, log)));
  } catch (error) {
    return problem('plugins', reason_of(error));
  }
}

function plugins_in_words({ loaded, catalog }: Plugins): string {
  const tasks = catalog.entries().filter(({ task }) => task !== null).length;
  const controls = catalog.entries().length - tasks;
  return `${counted(loaded.length, 'plugin')} with ${counted(tasks, 'task type')} and ${counted(controls, 'control type')}`;
}
