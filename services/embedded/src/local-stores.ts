/**
 * Purpose: a command's access to a home folder: run something in a store it owns, or reach the store of a run, whoever owns it.
 * Owns: choosing between owning a store and calling the process that owns it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLlmteamError, type Journal, LlmteamError, type Logger, type RunKey } from '@llmteam/contracts';
import { type RunService, systemClock } from '@llmteam/kernel';
import { type Config, loadPlugins, type Plugins } from '@llmteam/service-host';
import { ownerAddress } from './owner-address.js';
import { connectToOwner, type OwnerClient } from './owner-client.js';
import { type OwnerServer, serveOwner } from './owner-server.js';
import type { RemoteKvStore } from './run-calls.js';
import { EmbeddedRuntime } from './runtime.js';
import { type OwnedFolder, StoreFolders } from './store-folders.js';

export interface LocalStoresOptions {
  /** The folder that holds the data, `.llmteam` by default. */
  readonly home: string;
  readonly config: Config;
  readonly log: Logger;
  /** Plugins that are already loaded. Default: loaded with the first store. */
  readonly plugins?: Plugins;
  readonly decorateJournal?: (journal: Journal) => Journal;
  readonly storePatienceMs?: number;
}

/** A store owned by this process, and reachable for others. */
export interface OwnedStore {
  readonly kind: 'owned';
  readonly runs: RunService;
  readonly kv: RemoteKvStore;
  readonly runtime: EmbeddedRuntime;
  close(): Promise<void>;
}

/** A store owned by another process. */
export interface RemoteStore {
  readonly kind: 'remote';
  readonly runs: RunService;
  readonly kv: RemoteKvStore;
  close(): Promise<void>;
}

const lockPatienceMs = 3_000;
/** How many times a visit is retried because the owner of the store exited. */
const maxOwnerChanges = 20;

/** Opens one store at a time, because they share the plugins, which start and stop with the store. */
export class LocalStores {
  private plugins: Plugins | undefined;
  private readonly clock = systemClock();
  private readonly stores: StoreFolders;

  constructor(private readonly options: LocalStoresOptions) {
    const synchronous = options.config.file.synchronous ?? 'full';
    this.stores = new StoreFolders({ home: options.home, clock: this.clock, synchronous });
    this.plugins = options.plugins;
  }

  /** Opens a store for new runs. */
  async openAny(): Promise<OwnedStore> {
    return this.openRuntime(() => this.stores.ownAny());
  }

  /** Opens the service's store as its owner. @throws LlmteamError `STORE_LOCKED` if another process owns it */
  async openService(): Promise<OwnedStore> {
    return this.openRuntime(() => this.stores.own(this.stores.serviceFolder()));
  }

  /** Opens the service's store, whoever owns it. */
  async reachService(): Promise<OwnedStore | RemoteStore> {
    return this.openStore(this.stores.serviceFolder());
  }

  /** Opens the store that contains a run. @throws LlmteamError `RUN_UNKNOWN` */
  async openStoreOf(run: RunKey): Promise<OwnedStore | RemoteStore> {
    for (const folder of this.stores.folders()) {
      const found = await this.visit(folder, async (store) => {
        const isHere = await knows(store.runs, run);
        if (!isHere) await store.close();
        return isHere ? store : null;
      });
      if (found !== null) return found;
    }
    throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run.run_id}' in '${this.options.home}'`);
  }

  /** Visits every store in turn. `look` may be called again if the owner of a store exits meanwhile. */
  async each<T>(look: (runs: RunService) => Promise<T>): Promise<T[]> {
    const found: T[] = [];
    for (const folder of this.stores.folders()) {
      const result = await this.visit(folder, async (store) => {
        const seen = await look(store.runs);
        await store.close();
        return seen;
      });
      found.push(result);
    }
    return found;
  }

  /** Opens a store and calls `look`, again if its owner exits meanwhile. `look` closes the store unless it throws. */
  private async visit<T>(folder: string, look: (store: OwnedStore | RemoteStore) => Promise<T>): Promise<T> {
    for (let left = maxOwnerChanges; ; left--) {
      const store = await this.openStore(folder);
      try {
        return await look(store);
      } catch (error) {
        await store.close();
        const isOwnerGone = store.kind === 'remote' && isLlmteamError(error) && error.code === 'STORE_LOCKED';
        if (!isOwnerGone || left === 0) throw error;
      }
    }
  }

  /** Becomes the owner of the store, or connects to its owner. */
  private async openStore(folder: string): Promise<OwnedStore | RemoteStore> {
    const until = this.clock.now() + lockPatienceMs;
    for (;;) {
      try {
        return await this.openRuntime(() => this.stores.own(folder));
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'STORE_LOCKED') throw error;
        const owner = await connectToOwner(ownerAddress(folder));
        if (owner !== null) return remote(owner);
        if (this.clock.now() > until) throw error;
        await sleep(50);
      }
    }
  }

  private async openRuntime(own: () => Promise<OwnedFolder>): Promise<OwnedStore> {
    const { config, log, decorateJournal, storePatienceMs } = this.options;
    let folder = '';
    const openBackend = async (): Promise<OwnedFolder['backend']> => {
      const store = await own();
      folder = store.folder;
      return store.backend;
    };
    this.plugins ??= await loadPlugins(config, log);
    const runtime = await EmbeddedRuntime.open({
      config,
      plugins: this.plugins,
      clock: this.clock,
      log,
      openBackend,
      ...(decorateJournal !== undefined && { decorateJournal }),
      ...(storePatienceMs !== undefined && { storePatienceMs }),
    });
    const { runs, backend } = runtime;
    const { kv } = backend;
    const server = await serveOwner(ownerAddress(folder), { runs, kv }, log);
    return { kind: 'owned', runs, kv, runtime, close: () => closeAll(server, runtime) };
  }
}

async function knows(runs: RunService, run: RunKey): Promise<boolean> {
  try {
    await runs.show(run);
    return true;
  } catch (error) {
    if (isLlmteamError(error) && error.code === 'RUN_UNKNOWN') return false;
    throw error;
  }
}

async function closeAll(server: OwnerServer, runtime: EmbeddedRuntime): Promise<void> {
  await server.close();
  await runtime.close();
}

function remote(owner: OwnerClient): RemoteStore {
  return { kind: 'remote', runs: owner.runs, kv: owner.kv, close: async () => owner.close() };
}
