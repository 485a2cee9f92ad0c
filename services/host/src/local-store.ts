/** Opens what the built-in local backend keeps in files: the store of a single process, the lists of a gateway. */
import { type Backend, LlmteamError, type RunIndexFile, type RunIndexFileOptions } from '@llmteam/contracts';
import { backendOf, openBackend } from '@llmteam/kernel';
import { localBackend } from './built-in-backends.js';
import { processName } from './process-name.js';
import type { OpenBackendOptions } from './service-backend.js';
import { withoutLists } from './without-lists.js';

export interface LocalStoreOptions extends Pick<OpenBackendOptions, 'clock' | 'log'> {
  /** Created if absent; owned by this process until the store is closed. */
  readonly folder: string;
  readonly synchronous: 'full' | 'relaxed';
}

/** @throws LlmteamError `STORE_LOCKED` if another process owns it, `STORE_CORRUPT`, `FILE_UNREADABLE`, `STORE_FULL`, `STORE_FAILED` */
export async function openLocalStore({ folder, synchronous, clock, log }: LocalStoreOptions): Promise<Backend> {
  const { specifier, load } = localBackend;
  const type = backendOf(specifier, await load());
  const process = { name: processName(), clock, log, onJobsLost: () => undefined };
  return openBackend(
    specifier,
    type,
    { folder, synchronous },
    { ...process, folder, index: withoutLists, patienceMs: 0 },
  );
}

/** @throws LlmteamError as `BackendType.openIndex` */
export async function openIndexFile(options: RunIndexFileOptions): Promise<RunIndexFile> {
  const { specifier, load } = localBackend;
  const type = backendOf(specifier, await load());
  if (type.openIndex === undefined) throw new LlmteamError('PLUGIN_INVALID', `'${specifier}' keeps no lists in files`);
  return type.openIndex(options);
}
