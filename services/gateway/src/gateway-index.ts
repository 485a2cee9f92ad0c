/**
 * Purpose: the lists of runs and tasks beside one gateway on NATS, in a file.
 * Owns: where the file is, whose lists it may hold, making them anew.
 */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { openRunIndex } from '@llmteam/backend-embedded';
import { type IndexChange, isLlmteamError, type KvStore, type Logger, type RunIndex } from '@llmteam/contracts';
import { IndexFeed, type IndexFeedOptions, systemClock } from '@llmteam/kernel';
import { openNats, type ServiceConfig } from '@llmteam/service-host';

/** What others tell of removed runs and closed tasks stays for a week. */
const longestAwayMs = 6 * 24 * 3_600_000;
const installationKey = 'installation';

/** Gone on with if they can be. @throws LlmteamError `STORE_LOCKED` if another gateway has the file, `STORE_CORRUPT` if it is not ours */
export async function openGatewayIndex(config: ServiceConfig, kv: KvStore, log: Logger): Promise<RunIndex> {
  const file = indexFile(config);
  const installation = await installationOf(kv);
  const { index, setAside } = await openRunIndex({ file, installation, longestAwayMs });
  if (setAside !== null) log.warn({ file, reason: setAside }, 'the run index is made anew; the old one is set aside');
  return index;
}

/**
 * Throws the lists away and makes them again, for a gateway that does not run. Answers how many are listed.
 * @throws LlmteamError as `openGatewayIndex`, or of the server
 */
export async function rebuildGatewayIndex(
  config: ServiceConfig,
  log: Logger,
  onProgress: (listed: { readonly runs: number; readonly tasks: number }) => void,
): Promise<{ readonly runs: number; readonly tasks: number }> {
  const clock = systemClock();
  const backend = await openNats(config, { name: 'llmteam index rebuild', clock, log });
  try {
    const index = await openGatewayIndex(config, backend.kv, log);
    try {
      await index.clear();
      const listed = { runs: 0, tasks: 0 };
      const counted: IndexFeedOptions['index'] = {
        apply: async (changes) => {
          await countNew(index, changes, listed);
          await index.apply(changes);
          onProgress(listed);
        },
        remove: (runs) => index.remove(runs),
        position: (partition) => index.position(partition),
        run: (tenantId, runId) => index.run(tenantId, runId),
      };
      const { journal, kv } = backend;
      const onFailure = (): void => undefined;
      const feed = new IndexFeed({ journal, kv, index: counted, clock, log, onFailure });
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

function indexFile({ file, folder }: ServiceConfig): string {
  const { index_file: configured } = file.gateway;
  if (configured !== undefined) return resolve(folder, configured);
  return join(homedir(), '.llmteam', `gateway-${file.nats.namespace}.db`);
}

/** A name that the installation was given once: lists of a server that was wiped are known by it. */
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
