/** Runs as many checks as possible: whatever cannot be loaded or reached is reported once, and the checks that depend on it are skipped. */
import { type Backend, isLlmteamError } from '@llmteam/contracts';
import {
  type Config,
  inspectBackend,
  type Plugins,
  type ServiceConfig,
  serviceConfig,
  withBackend,
} from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { checkBackend, notInspected } from '../doctor/backend-checks.js';
import { type Check, problem, reasonOf } from '../doctor/check.js';
import { checkLocalStores } from '../doctor/local-checks.js';
import { checkConfiguration, checkNode, checkPlugins } from '../doctor/process-checks.js';
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
  const { config } = loaded;
  report(...checkConfiguration(config));
  const { checks, plugins } = await checkPlugins(config, silentLog);
  report(...checks);
  const inspected = await inspect(loaded, expected);
  report(...inspected.checks);
  if (inspected.isLocal)
    report(...checkLocalStores(settings.home, config), ...(await checkRunsHere(settings, config, plugins)));
  if (!inspected.isInstalled) return;
  try {
    const catalog = plugins?.catalog ?? null;
    const look = ({ kv, journal }: Backend) => checkServices(kv, journal.partitions, catalog);
    report(...(await withBackend(config, silentLog, look)));
  } catch (error) {
    report(problem('services', reasonOf(error)));
  }
}

async function checkRunsHere(settings: Settings, config: ServiceConfig, plugins: Plugins | null): Promise<Check[]> {
  const journals = await checkLocalJournals(settings.home);
  return plugins === null ? journals : [...journals, ...(await checkLocalVersions(settings, config, plugins))];
}

interface Inspected {
  readonly checks: readonly Check[];
  /** Whether opening the backend creates nothing: the doctor must not change anything. */
  readonly isInstalled: boolean;
  /** Whether there are only the stores of this folder. */
  readonly isLocal: boolean;
}

async function inspect({ given, config }: Loaded, expected: ExpectNats): Promise<Inspected> {
  try {
    const inspection = await inspectBackend(config, silentLog);
    const checks = inspection === null ? [notInspected(config)] : checkBackend(inspection, config);
    return { checks, isInstalled: inspection?.isInstalled === true, isLocal: false };
  } catch (error) {
    const isLocal = isWithoutNats(error, given, expected);
    return { checks: isLocal ? [] : [problem('server', reasonOf(error))], isInstalled: false, isLocal };
  }
}

interface Loaded {
  readonly given: Config;
  /** With the defaults of every section. */
  readonly config: ServiceConfig;
}

function load(settings: Settings, report: Report): Loaded | null {
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
