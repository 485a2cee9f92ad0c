/**
 * Purpose: the run index of one gateway, kept in a file.
 * Owns: the file's location, which installation it belongs to, and rebuilding the index.
 */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Backend,
  type IndexChange,
  isLlmteamError,
  type KvStore,
  type Logger,
  type RunIndex,
} from '@llmteam/contracts';
import { differenceFromJournal, type IndexFeedOptions } from '@llmteam/kernel';
import {
  installationName,
  openIndexFile,
  openServiceBackend,
  type ServiceConfig,
  systemClock,
} from '@llmteam/service-host';
import { composeIndexFeed } from './root.js';

/** Removed runs and closed tasks are announced for a week, so an index that was offline longer cannot catch up. */
const longestAwayMs = 6 * 24 * 3_600_000;
const installationKey = 'installation';

/**
 * Continues with the index in the file if possible.
 * @throws LlmteamError `STORE_LOCKED` if another gateway uses the file, `STORE_CORRUPT` if it is not a run index; of the journal
 */
export async function openGatewayIndex(
  config: ServiceConfig,
  { kv, journal }: Pick<Backend, 'kv' | 'journal'>,
  log: Logger,
): Promise<RunIndex> {
  const file = indexFile(config);
  const installation = await installationOf(kv);
  const { index, setAside } = await openIndexFile({ file, installation, longestAwayMs });
  if (setAside !== null) log.warn({ file, reason: setAside }, 'the run index is rebuilt; the old one is set aside');
  try {
    const reason = await differenceFromJournal({ journal, index });
    if (reason !== null) {
      log.warn({ file, reason }, 'the run index is rebuilt: the journal was restored from a backup, or lost entries');
      await index.clear();
    }
  } catch (error) {
    await index.close();
    throw error;
  }
  return index;
}

/**
 * Clears the index of a gateway that is not running and rebuilds it. Returns how many runs and tasks it lists.
 * @throws LlmteamError as `openGatewayIndex`, or of the server
 */
export async function rebuildGatewayIndex(
  config: ServiceConfig,
  log: Logger,
  onProgress: (listed: { readonly runs: number; readonly tasks: number }) => void,
): Promise<{ readonly runs: number; readonly tasks: number }> {
  const clock = systemClock();
  const backend = await openServiceBackend(config, { name: 'llmteam index rebuild', clock, log });
  try {
    const index = await openGatewayIndex(config, backend, log);
    try {
      await index.clear();
      const listed = { runs: 0, tasks: 0 };
      const counted: IndexFeedOptions['index'] = {
        apply: async (changes) => {
          await countNew(index, changes, listed);
          await index.apply(changes);
          onProgress(listed);
        },
        noteWaits: (notes) => index.noteWaits(notes),
        live: (after, limit) => index.live(after, limit),
        remove: (runs) => index.remove(runs),
        position: (partition) => index.position(partition),
        run: (tenantId, runId) => index.run(tenantId, runId),
      };
      const onFailure = (): void => undefined;
      const feed = composeIndexFeed({ backend, index: counted, clock, log, onFailure });
      await feed.start().finally(() => feed.stop());
      return listed;
    } finally {
      await index.close();
    }
  } finally {
    await backend.close();
  }
}

/** A run appears again with every change, so only new rows are counted. */
async function countNew(
  index: RunIndex,
  changes: readonly IndexChange[],
  listed: { runs: number; tasks: number },
): Promise<void> {
  for (const { runs, tasks } of changes) {
    for (const { tenant_id, run_id } of runs) if ((await index.run(tenant_id, run_id)) === null) listed.runs++;
    for (const { tenant_id, task_id } of tasks) if ((await index.task(tenant_id, task_id)) === null) listed.tasks++;
  }
}

function indexFile(config: ServiceConfig): string {
  const { index_file: configured } = config.file.gateway;
  if (configured !== undefined) return resolve(config.folder, configured);
  return join(homedir(), '.llmteam', `gateway-${installationName(config)}.db`);
}

/** An id created once per installation; it reveals an index that belongs to a server that was wiped since. */
async function installationOf(kv: KvStore): Promise<string> {
  const found = await kv.get(installationKey);
  if (found !== null) return String(found.value);
  try {
    const id = randomUUID();
    await kv.put(installationKey, id, { ifRevision: 0 });
    return id;
  } catch (error) {
    if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
    return installationOf(kv);
  }
}
