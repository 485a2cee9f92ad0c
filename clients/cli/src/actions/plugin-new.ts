import { join } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { loadConfig, loadPlugins } from '@llmteam/service-host';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { refuseOverwriting, writeAll } from '../new-files.js';
import { printNote } from '../notes.js';
import { ownVersion } from '../own-version.js';
import { bareName, type NewPlugin, type PluginKind, pluginFiles, pluginName, typeId } from '../plugin-template.js';
import type { Settings } from '../settings.js';
import { shellWord } from '../shell-word.js';

interface Options {
  readonly control?: boolean;
  readonly provider?: boolean;
  readonly dir?: string;
  readonly license: NewPlugin['license'];
}

export async function pluginNew(
  settings: Settings,
  [name = '']: readonly string[],
  { control, provider, dir, license }: Options,
): Promise<ExitCode> {
  const kind = kindOf(control, provider);
  const folder = dir ?? bareName(name);
  const files = pluginFiles({ name, kind, license });
  refuseOverwriting(folder, files);
  await refuseBuiltIn(settings, kind, bareName(name));
  writeAll(folder, files);
  settings.streams.print(files.map((file) => `${join(folder, file.name)}\n`).join(''));
  const next = `cd ${shellWord(folder)} && npm install && npm test && npm run check`;
  printNote(settings, `Created for LLMTeam ${ownVersion()}. To test and check it: ${next}`);
  return exitCodes.completed;
}

function kindOf(control: boolean | undefined, provider: boolean | undefined): PluginKind {
  if (control === true) return 'control';
  return provider === true ? 'provider' : 'task';
}

/** Another version of a built-in type would be chosen by every segment that names it. @throws LlmteamError `USAGE` */
async function refuseBuiltIn({ environment }: Settings, kind: PluginKind, bare: string): Promise<void> {
  const { catalog, host } = await loadPlugins(loadConfig(null, environment.variables), silentLog);
  const [wanted, known] =
    kind === 'provider' ? [pluginName(bare), [...host.providers.keys()]] : [typeId(bare), catalog.typeIds()];
  if (!known.includes(wanted)) return;
  throw new LlmteamError('USAGE', `nothing was written: '${wanted}' is built in; choose another name`);
}
