/** Whether a plugin may be removed. The configuration is the operator's to change, so nothing else is done here. */
import { LlmteamError, type PluginListing } from '@llmteam/contracts';
import { orphanedBy, pluginsNamed } from '@llmteam/kernel';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { plainText } from '../plain-text.js';
import { pluginPage } from '../plugin-page.js';
import type { Settings } from '../settings.js';
import { neededBy } from '../version-needs.js';

export async function pluginRemove(
  settings: Settings,
  [wanted = '']: readonly string[],
  { check, json }: { check?: boolean; json?: boolean },
): Promise<ExitCode> {
  if (check !== true) {
    const way = "take its entry out of 'plugins' in the configuration";
    throw new LlmteamError('USAGE', `to remove a plugin, ${way}; '--check' says whether anything still needs it`);
  }
  const { plugins, versions, is_complete } = await pluginPage(settings);
  const removed = pluginsNamed(wanted, plugins);
  if (removed.length === 0) throw unknownPlugin(wanted, plugins);
  const needed = orphanedBy(versions, plugins, (one) => removed.includes(one));
  const isRemovable = needed.length === 0 && is_complete;
  const names = removed.map(({ name, version }) => `${name} ${version}`).join(', ');
  const lines = [
    isRemovable ? `Nothing needs ${names}.` : `${names} cannot be removed:`,
    ...needed.map(neededBy),
    ...(is_complete ? [] : ['there are more runs or segments than could be looked at']),
  ];
  const asJson = { plugins: removed, is_removable: isRemovable, is_complete, needed };
  const text = json === true ? `${JSON.stringify(asJson, null, 2)}\n` : `${lines.map(plainText).join('\n  ')}\n`;
  settings.streams.print(text);
  return isRemovable ? exitCodes.completed : exitCodes.failed;
}

function unknownPlugin(wanted: string, plugins: readonly PluginListing[]): LlmteamError {
  const known = plugins.map(({ name, version }) => `${name}@${version}`).join(', ');
  return new LlmteamError('USAGE', `no loaded plugin is '${wanted}'; loaded: ${known || 'none'}`);
}
