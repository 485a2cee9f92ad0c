/** The only importer of the services; loaded lazily by `llmteam serve`. A process loads only the service that it is. */
import type { Logger } from '@llmteam/contracts';
import {
  knownSecrets,
  maskedConfig,
  openServiceLog,
  type ServiceConfig,
  type ServiceEnd,
  serviceConfig,
} from '@llmteam/service-host';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { ownVersion } from '../own-version.js';
import type { Settings } from '../settings.js';

interface Options {
  readonly printConfig?: boolean;
}

type RunService = (options: {
  readonly config: ServiceConfig;
  readonly log: Logger;
  readonly leave: () => void;
  readonly onCrash: (act: () => Promise<void>) => void;
}) => Promise<ServiceEnd>;

export function serveCoordinator(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, async (service) => (await import('@llmteam/coordinator')).runCoordinator(service));
}

export function serveWorker(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, async (service) => (await import('@llmteam/worker')).runWorker(service));
}

export function serveGateway(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, async (service) => {
    const { runGateway } = await import('@llmteam/gateway');
    return runGateway({ ...service, version: ownVersion() });
  });
}

async function serve(settings: Settings, { printConfig }: Options, run: RunService): Promise<ExitCode> {
  const config = serviceConfig(configHere(settings));
  if (printConfig === true) {
    settings.streams.print(`${JSON.stringify(maskedConfig(config), null, 2)}\n`);
    return exitCodes.completed;
  }
  const log = await serviceLog(settings, config);
  settings.streams.tellForeignTo(log);
  for (const variable of config.unknownVariables)
    log.warn({ variable }, 'this variable does not match any configuration key');
  const leave = (): void => process.exit(exitCodes.interrupted);
  const end = await run({ config, log, leave, onCrash: (act) => settings.streams.onCrash(act) });
  return end === 'stopped' ? exitCodes.completed : exitCodes.failed;
}

function serviceLog(settings: Settings, config: ServiceConfig): Promise<Logger> {
  const { streams, colours, quiet, logLevel } = settings;
  const { level = quiet ? 'silent' : 'info', format } = config.file.log;
  const isPretty = format === 'pretty' || (format === 'auto' && streams.stderrIsTerminal);
  return openServiceLog({
    level: logLevel ?? level,
    format: isPretty ? 'pretty' : 'json',
    colours: colours.stderr,
    secrets: knownSecrets(config),
    write: (text) => streams.note(text),
  });
}
