/**
 * Purpose: the lists of runs and tasks beside one gateway on NATS, in a file.
 * Owns: where the file is, whose lists it may hold, making them anew.
 */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { open_run_index, system_clock } from '@llmteam/backend-embedded';
import { type IndexChange, is_llmteam_error, type Logger, type Registry, type RunIndex } from '@llmteam/contracts';
import { IndexFeed, type IndexFeedOptions } from '@llmteam/kernel';
import { open_nats, type ServiceConfig } from '@llmteam/service-host';

/** What others tell of removed runs and closed tasks stays for a week. */
const longest_away_ms = 6 * 24 * 3_600_000;
const installation_key = 'installation';

/** Gone on with if they can be. @throws LlmteamError `STORE_LOCKED` if another gateway has the file, `STORE_CORRUPT` if it is not ours */
export async function open_gateway_index(config: ServiceConfig, registry: Registry, log: Logger): Promise<RunIndex> {
  const file = index_file(config);
  const installation = await installation_of(registry);
  const { index, set_aside } = await open_run_index({ file, installation, longest_away_ms });
  if (set_aside !== null) log.warn({ file, reason: set_aside }, 'the run index is made anew; the old one is set aside');
  return index;
}

/**
 * Throws the lists away and makes them again, for a gateway that does not run. Answers how many are listed.
 * @throws LlmteamError as `open_gateway_index`, or of the server
 */
export async function rebuild_gateway_index(
  config: ServiceConfig,
  log: Logger,
  on_progress: (listed: { readonly runs: number; readonly tasks: number }) => void,
): Promise<{ readonly runs: number; readonly tasks: number }> {
  const clock = system_clock();
  const backend = await open_nats(config, { name: 'llmteam index rebuild', clock, log });
  try {
    const index = await open_gateway_index(config, backend.registry, log);
    try {
      await index.clear();
      const listed = { runs: 0, tasks: 0 };
      const counted: IndexFeedOptions['index'] = {
        apply: async (changes) => {
          await count_new(index, changes, listed);
          await index.apply(changes);
          on_progress(listed);
        },
        remove: (runs) => index.remove(runs),
        position: (partition) => index.position(partition),
        run: (tenant_id, run_id) => index.run(tenant_id, run_id),
      };
      const { journal, registry } = backend;
      const on_failure = (): void => undefined;
      const feed = new IndexFeed({ journal, registry, index: counted, clock, log, on_failure });
      await feed.start().finally(() => feed.stop());
      return listed;
    } finally {
      await index.close();
    }
  } finally {
    await backend.close();
  }
}

/** A run that goes on comes up again. */
async function count_new(
  index: RunIndex,
  changes: readonly IndexChange[],
  listed: { runs: number; tasks: number },
): Promise<void> {
  for (const { runs, tasks } of changes) {
    for (const { tenant_id, run_id } of runs) if ((await index.run(tenant_id, run_id)) === null) listed.runs++;
    for (const { tenant_id, task_id } of tasks) if ((await index.task(tenant_id, task_id)) === null) listed.tasks++;
  }
}

function index_file({ file, folder }: ServiceConfig): string {
  const { index_file: configured } = file.gateway;
  if (configured !== undefined) return resolve(folder, configured);
  return join(homedir(), '.llmteam', `gateway-${file.nats.namespace}.db`);
}

/** A name that the installation was given once: lists of a server that was wiped are known by it. */
async function installation_of(registry: Registry): Promise<string> {
  const found = await registry.get(installation_key);
  if (found !== null) return String(found.value);
  try {
    const id = randomUUID();
    await registry.put(installation_key, id, { if_revision: 0 });
    return id;
  } catch (error) {
    if (!is_llmteam_error(error) || error.code !== 'REVISION_CONFLICT') throw error;
    return installation_of(registry);
  }
}
