/** Runs as many checks as possible: whatever cannot be loaded or reached is reported once, and the checks that depend on it are skipped. */
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
  const report = (...found: readonly Check[]): void => {
    checks.push(...found);
    if (json !== true) for (const check of found) settings.streams.print(`${lineOf(check, settings)}\n`);
  };
  await runChecks(settings, report);
  const isOk = checks.every(({ state }) => state !== 'problem');
  if (json === true) settings.streams.print(`${JSON.stringify({ ok: isOk, checks }, null, 2)}\n`);
  return isOk ? exitCodes.completed : exitCodes.failed;
}

async function runChecks(settings: Settings, report: (...found: readonly Check[]) => void): Promise<void> {
  report(checkNode(process.version));
  const config = load(settings, report);
  if (config === null) return;
  report(...checkConfiguration(config));
  report(await checkPlugins(config, silentLog));
  const server = await inspectServer(config, silentLog, report);
  if (server === null) return;
  report(...checkServer(server, config));
  // Connecting creates missing streams, and the doctor must not change anything.
  if (!server.streams.every(({ exists, faults }) => exists && faults.length === 0) || server.streams.length === 0)
    return;
  try {
    const { partitions } = config.file.nats;
    report(...(await withKvStore(config, silentLog, (kv) => checkServices(kv, partitions))));
  } catch (error) {
    report(problem('services', reasonOf(error)));
  }
}

function load(settings: Settings, report: (...found: readonly Check[]) => void): ServiceConfig | null {
  try {
    return serviceConfig(configHere(settings));
  } catch (error) {
    if (!isLlmteamError(error)) throw error;
    report(problem('configuration', error.message));
    return null;
  }
}

async function inspectServer(
  config: ServiceConfig,
  log: Logger,
  report: (...found: readonly Check[]) => void,
): Promise<NatsInspection | null> {
  try {
    return await lookAtNats(config, log);
  } catch (error) {
    report(problem('server', reasonOf(error)));
    return null;
  }
}

function lineOf({ name, state, message }: Check, settings: Settings): string {
  const { green, yellow, red } = makeColours(settings.colours.stdout);
  const mark = { ok: green('ok     '), warning: yellow('warning'), problem: red('problem') }[state];
  return `${mark}  ${name}: ${plainText(message)}`;
}
