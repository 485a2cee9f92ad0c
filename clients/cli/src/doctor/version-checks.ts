/** Checks that whatever live runs are pinned to is still there. */
import type { KvStore, VersionUse } from '@llmteam/contracts';
import { countedListings, isProvided, listWorkers, readVersionReport, type StepCatalog } from '@llmteam/kernel';
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

/**
 * Of an installation on NATS, as a gateway reported them, against what its live workers have loaded; control types run in coordinators,
 * which have the same as this process.
 */
export async function checkServedVersions(kv: KvStore, catalog: Pick<StepCatalog, 'find'>): Promise<Check[]> {
  const [report, workers] = await Promise.all([readVersionReport(kv), listWorkers(kv)]);
  if (report === null) return [warning(name, 'no gateway has reported lately what live runs need')];
  const plugins = countedListings(workers.map(({ plugins: loaded = [] }) => loaded));
  const versions = report.versions.map((use) => {
    const hasControl = catalog.find(use.type_id, use.version)?.control != null;
    return { ...use, is_provided: hasControl || isProvided(use, plugins) };
  });
  return versionChecks(versions, report.is_complete);
}

function versionChecks(versions: readonly VersionUse[], isComplete: boolean): Check[] {
  const orphaned = versions.filter((use) => use.run_count > 0 && !use.is_provided);
  const checks = orphaned.map((use) =>
    problem(name, `nothing provides ${neededBy({ ...use, segments: [], segment_count: 0 })}`),
  );
  if (!isComplete) checks.push(warning(name, 'there are more live runs or segments than could be looked at'));
  return checks.length > 0 ? checks : [ok(name, 'every version that live runs need is provided')];
}
