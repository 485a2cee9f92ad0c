import type { Json } from '@llmteam/contracts';
import { type Config, loadPlugins } from '@llmteam/service-host';
import { type Colours, makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { unsetVariables } from '../known-variables.js';
import { makeLog } from '../log.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Provider {
  readonly provider: string;
  readonly description: string;
}

/** Never holds a secret: only model names and names of variables. */
interface Model {
  readonly llm_ref: string;
  readonly provider: string;
  readonly model: string | null;
  /** Whether a loaded plugin provides it. */
  readonly known: boolean;
  readonly missing_variables: readonly string[];
}

export async function providers(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = configHere(settings);
  const { host } = await loadPlugins(config, await makeLog(settings, config));
  const known = [...host.providers.values()].map(({ providerId, description }) => ({
    provider: providerId,
    description,
  }));
  const llms = modelsOf(config, new Set(host.providers.keys()));
  const { clients = {}, secrets = {} } = config.file;
  const missingVariables = unsetVariables({ clients, secrets, llms: config.file.llms ?? {} }, config);
  const listing = { providers: known, llms, missing_variables: missingVariables };
  const text = asText(known, llms, missingVariables, config.path, settings);
  settings.streams.print(json === true ? `${JSON.stringify(listing, null, 2)}\n` : text);
  return exitCodes.completed;
}

function modelsOf(config: Config, known: ReadonlySet<string>): Model[] {
  return Object.entries(config.file.llms ?? {}).map(([llmRef, llm]) => {
    const { provider, model } = llm as { provider: string; model?: Json };
    const isPlain = typeof model === 'string' && !model.startsWith('env:');
    const missingVariables = unsetVariables(llm as Json, config);
    return {
      llm_ref: llmRef,
      provider,
      model: isPlain ? model : null,
      known: known.has(provider),
      missing_variables: missingVariables,
    };
  });
}

function asText(
  known: readonly Provider[],
  llms: readonly Model[],
  missing: readonly string[],
  configPath: string | null,
  settings: Settings,
): string {
  const colours = makeColours(settings.colours.stdout);
  const fit = { width: settings.streams.stdoutColumns, whole: [0] };
  const rows = known.map(({ provider, description }) => [{ text: provider, colour: colours.bold }, description]);
  const parts = [table(['PROVIDER', 'DESCRIPTION'], rows, colours, fit)];
  if (llms.length > 0)
    parts.push(table(['MODEL (llm_ref)', 'PROVIDER', 'MODEL', 'STATE'], modelRows(llms, colours), colours, fit));
  else parts.push(`No models are configured${configPath === null ? '; there is no llmteam.config.json' : ''}.\n`);
  if (missing.length > 0) parts.push(`${colours.yellow('Not set:')} ${missing.join(', ')}\n`);
  return parts.join('\n');
}

function modelRows(llms: readonly Model[], { bold, green, red, yellow }: Colours) {
  return llms.map(({ llm_ref, provider, model, known, missing_variables }) => {
    const first = { text: llm_ref, colour: bold };
    if (!known) return [first, provider, model ?? '', { text: 'no plugin for this provider', colour: red }];
    if (missing_variables.length === 0) return [first, provider, model ?? '', { text: 'ready', colour: green }];
    return [first, provider, model ?? '', { text: `needs ${missing_variables.join(', ')}`, colour: yellow }];
  });
}
