/** Checks that whatever live runs are pinned to is still there. */
import { type KvStore, type PluginListing, type VersionUse } from '@llmteam/contracts';
import { isProvided, type UsedVersion } from '@llmteam/kernel';
import type { Plugins, ServiceConfig } from '@llmteam/service-host';
import { localPluginPage } from '../plugin-page.js';
import type { Settings } from '../settings.js';
import { neededBy } from '../version-needs.js';
import { type Check, ok, problem, reasonOf, warning } from './check.js';

const name = 'versions';

/** Of the runs in the stores of the home folder. */
export async function checkLocalVersions(
  settings: Settings,
  config: ServiceConfig,
  plugins: Plugins,
): Promise<Check[]> {
  try {
    const page = await localPluginPage(settings, config, plugins);
    return versionChecks(page.versions, page.is_complete);
  } catch (error) {
    return [problem(name, reasonOf(error))];
  }
}

function versionChecks(versions: readonly VersionUse[], isComplete: boolean): Check[] {
  const orphaned = versions.filter((use) => use.run_count > 0 && !use.is_provided);
  const checks = orphaned.map((use) => problem(name, `nothing provides ${neededBy({ ...use, segments: [], segment_count: 0 })}`));
  if (!isComplete) checks.push(warning(name, 'there are more live runs or segments than could be looked at'));
  return checks.length > 0 ? checks : [ok(name, 'every version that live runs need is provided')];
}
