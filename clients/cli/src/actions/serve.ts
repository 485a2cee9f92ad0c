/** The services, imported here and nowhere else: this file is loaded when one of them is started. */
import type { Logger } from '@llmteam/contracts';
import { run_coordinator } from '@llmteam/coordinator';
import { run_gateway } from '@llmteam/gateway';
import {
  known_secrets,
  masked_config,
  open_log,
  type ServiceConfig,
  type ServiceEnd,
  service_config,
} from '@llmteam/service-host';
import { run_worker } from '@llmteam/worker';
import { config_here } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { own_version } from '../own-version.js';
import type { Settings } from '../settings.js';

interface Options {
  readonly printConfig?: boolean;
}

type RunService = (options: {
  readonly config: ServiceConfig;
  readonly log: Logger;
  readonly leave: () => void;
}) => Promise<ServiceEnd>;

export function serve_coordinator(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, run_coordinator);
}

export function serve_worker(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, run_worker);
}

export function serve_gateway(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  return serve(settings, options, (service) => run_gateway({ ...service, version: own_version() }));
}

async function serve(settings: Settings, { printConfig }: Options, run: RunService): Promise<ExitCode> {
  const config = service_config(config_here(settings));
  if (printConfig === true) {
    settings.streams.print(`${JSON.stringify(masked_config(config), null, 2)}\n`);
    return exit_codes.completed;
  }
  const log = await service_log(settings, config);
  for (const variable of config.unknown_variables)
    log.warn({ variable }, 'this variable names no key of the configuration');
  const end = await run({ config, log, leave: () => process.exit(exit_codes.interrupted) });
  return end === 'stopped' ? exit_codes.completed : exit_codes.failed;
}

function service_log(settings: Settings, config: ServiceConfig): Promise<Logger> {
  const { streams, colours, quiet, log_level } = settings;
  const { level = quiet ? 'silent' : 'info', format } = config.file.log;
  const is_pretty = format === 'pretty' || (format === 'auto' && streams.stderr_is_terminal);
  return open_log({
    level: log_level ?? level,
    format: is_pretty ? 'pretty' : 'json',
    colours: colours.stderr,
    secrets: known_secrets(config),
    write: (text) => streams.note(text),
  });
}
