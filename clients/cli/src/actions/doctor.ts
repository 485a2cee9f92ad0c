/** As many checks as one can come to: what cannot be loaded or reached is said once, and what would need it is left out. */
import { isLlmteamError, type Logger } from '@llmteam/contracts';
import { lookAtNats, type NatsInspection, type ServiceConfig, serviceConfig, withKvStore } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { type Check, problem, reasonOf } from '../doctor/check.js';
import { checkConfiguration, checkNode, checkPlugins } from '../doctor/process-checks.js';
import { checkServer } from '../doctor/server-checks.js';
import { checkServices } from '../doctor/service-checks.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';

export async function doctor(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const checks: Check[] = [];
  const say = (...found: readonly Check[]): void => {
    checks.push(...found);
    if (json !== true) for (const check of found) settings.streams.print(`${lineOf(check, settings)}\n`);
  };
  await lookAround(settings, say);
  const isOk = checks.every(({ state }) => state !== 'problem');
  if (json === true) settings.streams.print(`${JSON.stringify({ ok: isOk, checks }, null, 2)}\n`);
  return isOk ? exitCodes.completed : exitCodes.failed;
}

async function lookAround(settings: Settings, say: (...found: readonly Check[]) => void): Promise<void> {
  say(checkNode(process.version));
  const config = load(settings, say);
  if (config === null) return;
  say(...checkConfiguration(config));
  say(await checkPlugins(config, silentLog));
  const seen = await lookAtServer(config, silentLog, say);
  if (seen === null) return;
  say(...checkServer(seen, config));
  // Opening an installation makes what is missing; a doctor changes nothing.
  if (!seen.streams.every(({ exists, faults }) => exists && faults.length === 0) || seen.streams.length === 0) return;
  try {
    const { partitions } = config.file.nats;
    say(...(await withKvStore(config, silentLog, (kv) => checkServices(kv, partitions))));
  } catch (error) {
    say(problem('services', reasonOf(error)));
  }
}

function load(settings: Settings, say: (...found: readonly Check[]) => void): ServiceConfig | null {
  try {
    return serviceConfig(configHere(settings));
  } catch (error) {
    if (!isLlmteamError(error)) throw error;
    say(problem('configuration', error.message));
    return null;
  }
}

async function lookAtServer(
  config: ServiceConfig,
  log: Logger,
  say: (...found: readonly Check[]) => void,
): Promise<NatsInspection | null> {
  try {
    return await lookAtNats(config, log);
  } catch (error) {
    say(problem('server', reasonOf(error)));
    return null;
  }
}

function lineOf({ name, state, message }: Check, settings: Settings): string {
  const { green, yellow, red } = makeColours(settings.colours.stdout);
  const mark = { ok: green('ok     '), warning: yellow('warning'), problem: red('problem') }[state];
  return `${mark}  ${name}: ${plainText(message)}`;
}
