import { dirname } from 'node:path';
import { type Config, find_config, hide_secrets, known_secrets, load_config } from '@llmteam/service-host';
import { recalled_config, remember_config } from './run-configs.js';
import type { Settings } from './settings.js';

/** For a segment file: `--config`, else the nearest from its folder upwards, else from the working folder. */
export function config_for_file(settings: Settings, file: string): Config {
  const { config } = settings;
  if (config !== undefined) return load(settings, config);
  const beside = file === '-' ? null : find_config(dirname(file));
  return load(settings, beside ?? find_config(process.cwd()));
}

/** For a run that was started before: `--config`, else what it was started with. */
export function config_for_run(settings: Settings, run_id: string): Config {
  const recalled = settings.config === undefined ? recalled_config(settings.home, run_id) : undefined;
  return recalled === undefined ? config_here(settings) : load(settings, recalled);
}

/** A run that was made of another one goes on with its configuration; behind a gateway that is the gateway's. */
export function inherit_config(settings: Settings, from_run_id: string, run_id: string): void {
  if (settings.gateway !== null) return;
  remember_config(settings.home, run_id, config_for_run(settings, from_run_id).path);
}

/** `--config`, else the nearest from the working folder upwards. */
export function config_here(settings: Settings): Config {
  return load(settings, settings.config ?? find_config(process.cwd()));
}

function load(settings: Settings, path: string | null): Config {
  const config = load_config(path, settings.environment.variables);
  settings.streams.clean = hide_secrets(known_secrets(config));
  return config;
}
