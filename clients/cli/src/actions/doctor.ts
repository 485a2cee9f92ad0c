/** As many checks as one can come to: what cannot be loaded or reached is said once, and what would need it is left out. */
import { is_llmteam_error, type Logger } from '@llmteam/contracts';
import {
  look_at_nats,
  type NatsInspection,
  type ServiceConfig,
  service_config,
  with_registry,
} from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_here } from '../configuration.js';
import { type Check, problem, reason_of } from '../doctor/check.js';
import { check_configuration, check_node, check_plugins } from '../doctor/process-checks.js';
import { check_server } from '../doctor/server-checks.js';
import { check_services } from '../doctor/service-checks.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { silent_log } from '../log.js';
import { plain_text } from '../plain-text.js';
import type { Settings } from '../settings.js';

export async function doctor(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const checks: Check[] = [];
  const say = (...found: readonly Check[]): void => {
    checks.push(...found);
    if (json !== true) for (const check of found) settings.streams.print(`${line_of(check, settings)}\n`);
  };
  await look_around(settings, say);
  const is_ok = checks.every(({ state }) => state !== 'problem');
  if (json === true) settings.streams.print(`${JSON.stringify({ ok: is_ok, checks }, null, 2)}\n`);
  return is_ok ? exit_codes.completed : exit_codes.failed;
}

async function look_around(settings: Settings, say: (...found: readonly Check[]) => void): Promise<void> {
  say(check_node(process.version));
  const config = load(settings, say);
  if (config === null) return;
  say(...check_configuration(config));
  say(await check_plugins(config, silent_log));
  const seen = await look_at_server(config, silent_log, say);
  if (seen === null) return;
  say(...check_server(seen, config));
  // Opening an installation makes what is missing; a doctor changes nothing.
  if (!seen.streams.every(({ exists, faults }) => exists && faults.length === 0) || seen.streams.length === 0) return;
  try {
    const { partitions } = config.file.nats;
    say(...(await with_registry(config, silent_log, (registry) => check_services(registry, partitions))));
  } catch (error) {
    say(problem('services', reason_of(error)));
  }
}

function load(settings: Settings, say: (...found: readonly Check[]) => void): ServiceConfig | null {
  try {
    return service_config(config_here(settings));
  } catch (error) {
    if (!is_llmteam_error(error)) throw error;
    say(problem('configuration', error.message));
    return null;
  }
}

async function look_at_server(
  config: ServiceConfig,
  log: Logger,
  say: (...found: readonly Check[]) => void,
): Promise<NatsInspection | null> {
  try {
    return await look_at_nats(config, log);
  } catch (error) {
    say(problem('server', reason_of(error)));
    return null;
  }
}

function line_of({ name, state, message }: Check, settings: Settings): string {
  const { green, yellow, red } = make_colours(settings.colours.stdout);
  const mark = { ok: green('ok     '), warning: yellow('warning'), problem: red('problem') }[state];
  return `${mark}  ${name}: ${plain_text(message)}`;
}
