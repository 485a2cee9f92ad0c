import { dirname } from 'node:path';
import { type Config, findConfig, hideSecrets, knownSecrets, loadConfig } from '@llmteam/service-host';
import { recalledConfig, rememberConfig } from './run-configs.js';
import type { Settings } from './settings.js';

/** For a segment file: `--config`, else the nearest file from its folder upwards, else from the working directory upwards. */
export function configForFile(settings: Settings, file: string): Config {
  const { config } = settings;
  if (config !== undefined) return load(settings, config);
  const beside = file === '-' ? null : findConfig(dirname(file));
  return load(settings, beside ?? findConfig(process.cwd()));
}

/** For an existing run: `--config`, else the file it was started with. */
export function configForRun(settings: Settings, runId: string): Config {
  const recalled = settings.config === undefined ? recalledConfig(settings.home, runId) : undefined;
  return recalled === undefined ? configHere(settings) : load(settings, recalled);
}

/** A fork uses the configuration of its original run. At a gateway this is a no-op. */
export function inheritConfig(settings: Settings, fromRunId: string, runId: string): void {
  if (settings.gateway !== null) return;
  rememberConfig(settings.home, runId, configForRun(settings, fromRunId).path);
}

/** `--config`, else the nearest file from the working directory upwards. */
export function configHere(settings: Settings): Config {
  return load(settings, settings.config ?? findConfig(process.cwd()));
}

function load(settings: Settings, path: string | null): Config {
  const config = loadConfig(path, settings.environment.variables);
  settings.streams.redactWith(hideSecrets(knownSecrets(config)));
  return config;
}
