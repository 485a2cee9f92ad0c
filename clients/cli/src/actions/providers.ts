import type { Json } from '@llmteam/contracts';
import { type Config, load_plugins } from '@llmteam/service-host';
import { type Colours, make_colours } from '../colours.js';
import { config_here } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { unset_variables } from '../known-variables.js';
import { make_log } from '../log.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface Provider {
  readonly provider: string;
  readonly description: string;
}

/** Never holds a secret: only what names a model, and names of variables. */
interface Model {
  readonly llm_ref: string;
  readonly provider: string;
  readonly model: string | null;
  /** Whether a plugin brings the provider. */
  readonly known: boolean;
  readonly missing_variables: readonly string[];
}

export async function providers(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = config_here(settings);
  const { host } = await load_plugins(config, await make_log(settings, config));
  const known = [...host.providers.values()].map(({ provider_id, description }) => ({
    provider: provider_id,
    description,
  }));
  const llms = models_of(config, new Set(host.providers.keys()));
  const { clients = {}, secrets = {} } = config.file;
  const missing_variables = unset_variables({ clients, secrets, llms: config.file.llms ?? {} }, config);
  const told = { providers: known, llms, missing_variables };
  const text = as_text(known, llms, missing_variables, config.path, make_colours(settings.colours.stdout));
  settings.streams.print(json === true ? `${JSON.stringify(told, null, 2)}\n` : text);
  return exit_codes.completed;
}

function models_of(config: Config, known: ReadonlySet<string>): Model[] {
  return Object.entries(config.file.llms ?? {}).map(([llm_ref, llm]) => {
    const { provider, model } = llm as { provider: string; model?: Json };
    const is_plain = typeof model === 'string' && !model.startsWith('env:');
    const missing_variables = unset_variables(llm as Json, config);
    return { llm_ref, provider, model: is_plain ? model : null, known: known.has(provider), missing_variables };
  });
}

function as_text(
  known: readonly Provider[],
  llms: readonly Model[],
  missing: readonly string[],
  config_path: string | null,
  colours: Colours,
): string {
  const rows = known.map(({ provider, description }) => [{ text: provider, colour: colours.bold }, description]);
  const parts = [table(['PROVIDER', 'WHAT IT IS'], rows, colours)];
  if (llms.length > 0)
    parts.push(table(['MODEL (llm_ref)', 'PROVIDER', 'MODEL', 'STATE'], model_rows(llms, colours), colours));
  else parts.push(`No models are configured${config_path === null ? '; there is no llmteam.config.json' : ''}.\n`);
  if (missing.length > 0) parts.push(`${colours.yellow('Not set:')} ${missing.join(', ')}\n`);
  return parts.join('\n');
}

function model_rows(llms: readonly Model[], { bold, green, red, yellow }: Colours) {
  return llms.map(({ llm_ref, provider, model, known, missing_variables }) => {
    const first = { text: llm_ref, colour: bold };
    if (!known) return [first, provider, model ?? '', { text: 'no plugin brings this provider', colour: red }];
    if (missing_variables.length === 0) return [first, provider, model ?? '', { text: 'ready', colour: green }];
    return [first, provider, model ?? '', { text: `needs ${missing_variables.join(', ')}`, colour: yellow }];
  });
}
