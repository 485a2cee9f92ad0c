/** Runs as many checks as possible: whatever cannot be loaded or reached is reported once, and the checks that depend on it are skipped. */
import { isLlmteamError } from '@llmteam/contracts';
import {
  type Config,
  lookAtNats,
  type Plugins,
  type ServiceConfig,
  serviceConfig,
  withKvStore,
} from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { type Check, problem, reasonOf } from '../doctor/check.js';
import { checkLocalStores } from '../doctor/local-checks.js';
import { checkConfiguration, checkNode, checkPlugins } from '../doctor/process-checks.js';
import { checkServer } from '../doctor/server-checks.js';
import { checkServices } from '../doctor/service-checks.js';
import { checkLocalJournals } from '../doctor/unreadable-checks.js';
import { checkLocalVersions } from '../doctor/version-checks.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { type ExpectNats, isWithoutNats } from '../nats-use.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';

export async function doctor(
  settings: Settings,
  _args: readonly string[],
  { json, ...expected }: ExpectNats & { json?: boolean },
): Promise<ExitCode> {
  const checks: Check[] = [];
  const report: Report = (...found) => {
    checks.push(...found);
    if (json !== true) for (const check of found) settings.streams.print(`${lineOf(check, settings)}\n`);
  };
  await runChecks(settings, expected, report);
  const isOk = checks.every(({ state }) => state !== 'problem');
  if (json === true) settings.streams.print(`${JSON.stringify({ ok: isOk, checks }, null, 2)}\n`);
  return isOk ? exitCodes.completed : exitCodes.failed;
}

type Report = (...found: readonly Check[]) => void;

async function runChecks(settings: Settings, expected: ExpectNats, report: Report): Promise<void> {
  report(checkNode(process.version));
  const loaded = load(settings, report);
  if (loaded === null) return;
  const { config, given } = loaded;
  report(...checkConfiguration(config));
  const { check, plugins } = await checkPlugins(config, silentLog);
  report(check);
  const server = await lookAtNats(config, silentLog).catch((error: unknown) => {
    const isLocal = isWithoutNats(error, given, expected);
    report(...(isLocal ? checkLocalStores(settings.home, config) : [problem('server', reasonOf(error))]));
    return { isLocal };
  });
  if ('isLocal' in server) {
    if (server.isLocal) report(...(await checkRunsHere(settings, config, plugins)));
    return;
  }
  report(...checkServer(server, config));
  // Connecting creates missing streams, and the doctor must not change anything.
  if (!server.streams.every(({ exists, faults }) => exists && faults.length === 0) || server.streams.length === 0)
    return;
  try {
    const { partitions } = config.file.nats;
    report(...(await withKvStore(config, silentLog, (kv) => checkServices(kv, partitions, plugins?.catalog ?? null))));
  } catch (error) {
    report(problem('services', reasonOf(error)));
  }
}

async function checkRunsHere(settings: Settings, config: ServiceConfig, plugins: Plugins | null): Promise<Check[]> {
  const journals = await checkLocalJournals(settings.home);
  return plugins === null ? journals : [...journals, ...(await checkLocalVersions(settings, config, plugins))];
}

/** The configuration as given, and with the defaults of every section. */
function load(settings: Settings, report: Report): { given: Config; config: ServiceConfig } | null {
  try {
    const given = configHere(settings);
    return { given, config: serviceConfig(given) };
  } catch (error) {
    if (!isLlmteamError(error)) throw error;
    report(problem('configuration', error.message));
    return null;
  }
}

function lineOf({ name, state, message }: Check, settings: Settings): string {
  const { green, yellow, red } = makeColours(settings.colours.stdout);
  const mark = { ok: green('ok     '), warning: yellow('warning'), problem: red('problem') }[state];
  return `${mark}  ${name}: ${plainText(message)}`;
}
