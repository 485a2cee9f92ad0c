/**
 * Purpose: a command's access to a home folder: run something in a store it owns, or reach the store of a run, whoever owns it.
 * Owns: choosing between owning a store and calling the process that owns it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isLlmteamError, type Journal, LlmteamError, type Logger, type RunKey } from '@llmteam/contracts';
import { mergeVersionUses, type RunService, UnreadRuns, type VersionUses } from '@llmteam/kernel';
import { type Config, loadPlugins, type Plugins, systemClock } from '@llmteam/service-host';
import { gatherEndedRuns } from './gather-ended-runs.js';
import { ownerAddress } from './owner-address.js';
import { connectToOwner, type OwnerClient } from './owner-client.js';
import { configDigest, isDriven, type OwnerInfo } from './owner-info.js';
import { type OwnerServer, serveOwner } from './owner-server.js';
import type { StoreParts } from './run-calls.js';
import { EmbeddedRuntime } from './runtime.js';
import { type OwnedFolder, StoreFolders } from './store-folders.js';

export interface LocalStoresOptions {
  /** The folder that holds the data, `.llmteam` by default. */
  readonly home: string;
  readonly config: Config;
  readonly log: Logger;
  /** Where a line per event of a run goes. Default: nowhere. */
  readonly eventLog?: Logger | undefined;
  /** Plugins that are already loaded. Default: loaded with the first store. */
  readonly plugins?: Plugins;
  readonly decorateJournal?: (journal: Journal) => Journal;
  readonly storePatienceMs?: number;
}

/** A store owned by this process, and reachable for others. */
export interface OwnedStore extends StoreParts {
  readonly kind: 'owned';
  readonly runtime: EmbeddedRuntime;
  /** Tells other processes where the API of this store is served. */
  announce(url: string): void;
  close(): Promise<void>;
}

/** A store owned by another process. */
export interface RemoteStore extends StoreParts {
  readonly kind: 'remote';
  close(): Promise<void>;
}

const notListed =
  "a command is running in this folder; the API lists its runs once they have ended and 'llmteam dev' is started again, " +
  "'llmteam runs list' shows them now";

/** A person waits for the end of a command. */
const spanPatienceMs = 1_000;
const lockPatienceMs = 3_000;
/** How many times a visit is retried because the owner of the store exited. */
const maxOwnerChanges = 20;

type DrivenQuery = Parameters<typeof isDriven>[1];

/** `llmteam dev` as other commands of its home see it. */
export interface RunningService {
  readonly store: RemoteStore;
  readonly info: OwnerInfo;
  /** Whether it would run a segment exactly as this process would. */
  readonly isAlike: boolean;
}

/** Opens one store at a time, because they share the plugins, which start and stop with the store. */
export class LocalStores {
  private plugins: Plugins | undefined;
  private readonly clock = systemClock();
  private readonly stores: StoreFolders;
  /** Of all stores of a visit: one line tells of them. */
  private readonly unread = new UnreadRuns();

  constructor(private readonly options: LocalStoresOptions) {
    const synchronous = options.config.file.synchronous ?? 'full';
    this.stores = new StoreFolders({ home: options.home, clock: this.clock, synchronous, log: options.log });
    this.plugins = options.plugins;
  }

  /** Opens a store for new runs. */
  async openAny(): Promise<OwnedStore> {
    const store = await this.openRuntime(() => this.stores.ownAny(), { spanPatienceMs });
    this.tellUnread();
    return store;
  }

  /** Opens the service's store as its owner. @throws LlmteamError `STORE_LOCKED` if another process owns it */
  async openService(): Promise<OwnedStore> {
    const folder = this.stores.serviceFolder();
    for (const until = this.clock.now() + lockPatienceMs; ; await sleep(50)) {
      try {
        const store = await this.openRuntime((plugins) => this.ownService(folder, plugins));
        this.tellUnread();
        return store;
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'STORE_LOCKED') throw error;
        const service = await this.runningService();
        if (service !== null) throw alreadyServed(service, error);
        if (this.clock.now() > until) throw error;
      }
    }
  }

  private async ownService(folder: string, { catalog }: Plugins): Promise<OwnedFolder> {
    const owned = await this.stores.own(folder);
    try {
      const skipped = await gatherEndedRuns({ stores: this.stores, target: owned.backend, catalog });
      if (skipped > 0) this.options.log.warn({}, notListed);
    } catch (err) {
      this.options.log.warn({ err }, 'the runs of other commands in this folder cannot be listed');
    }
    return owned;
  }

  /** `llmteam dev`, if it is running in this home; its store must be closed. */
  async runningService(): Promise<RunningService | null> {
    const owner = await connectToOwner(ownerAddress(this.stores.serviceFolderName()));
    if (owner === null) return null;
    const info = await owner.owner.describe().catch(() => null);
    if (info?.url != null) {
      return { store: remote(owner), info, isAlike: info.config_digest === configDigest(this.options.config) };
    }
    owner.close();
    return null;
  }

  /** Opens the service's store, whoever owns it. */
  async reachService(): Promise<OwnedStore | RemoteStore> {
    const store = await this.openStore(this.stores.serviceFolder());
    this.tellUnread();
    return store;
  }

  /** Opens the store that contains a run. @throws LlmteamError `RUN_UNKNOWN` */
  async openStoreOf(run: RunKey): Promise<OwnedStore | RemoteStore> {
    for (const folder of this.stores.folders()) {
      const found = await this.visit(folder, async (store) => {
        const isHere = await knows(store.runs, run);
        if (!isHere) await store.close();
        return isHere ? store : null;
      });
      if (found !== null) {
        this.tellUnread();
        return found;
      }
    }
    throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run.run_id}' in '${this.options.home}'`);
  }

  /** Visits every store in turn. `look` may be called again if the owner of a store exits meanwhile. */
  async each<T>(look: (runs: RunService, isDriven: (run: DrivenQuery) => boolean) => Promise<T>): Promise<T[]> {
    const found: T[] = [];
    for (const folder of this.stores.folders()) {
      const result = await this.visit(folder, async (store) => {
        const { driving } = await store.owner.describe();
        const seen = await look(store.runs, (run) => isDriven(driving, run));
        await store.close();
        return seen;
      });
      found.push(result);
    }
    this.tellUnread();
    return found;
  }

  /**
   * What the live runs of all stores and the segments of the service are pinned to. The segments of other stores are those of commands,
   * which read them from files again.
   */
  async versionUses(): Promise<VersionUses> {
    const found: VersionUses[] = [];
    for (const folder of this.stores.folders()) {
      const uses = await this.visit(folder, async (store) => {
        const seen = await store.versions.uses();
        await store.close();
        return seen;
      });
      found.push(folder === this.stores.serviceFolderName() ? uses : ofRuns(uses));
    }
    this.tellUnread();
    return mergeVersionUses(found);
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
        return await this.openRuntime(() => this.stores.own(folder), { spanPatienceMs });
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'STORE_LOCKED') throw error;
        const owner = await connectToOwner(ownerAddress(folder));
        if (owner !== null) return remote(owner);
        if (this.clock.now() > until) throw error;
        await sleep(50);
      }
    }
  }

  private tellUnread(): void {
    this.unread.tell(this.options.log);
  }

  private async openRuntime(
    own: (plugins: Plugins) => Promise<OwnedFolder>,
    patience: { readonly spanPatienceMs?: number } = {},
  ): Promise<OwnedStore> {
    const { config, log, decorateJournal, storePatienceMs } = this.options;
    let folder = '';
    this.plugins ??= await loadPlugins(config, log);
    const { plugins } = this;
    const openBackend = async (): Promise<OwnedFolder['backend']> => {
      const store = await own(plugins);
      folder = store.folder;
      return store.backend;
    };
    const runtime = await EmbeddedRuntime.open({
      config,
      plugins,
      clock: this.clock,
      log,
      eventLog: this.options.eventLog,
      openBackend,
      noteCrashesIn: () => folder,
      unread: this.unread,
      ...patience,
      ...(decorateJournal !== undefined && { decorateJournal }),
      ...(storePatienceMs !== undefined && { storePatienceMs }),
    });
    const served: { url: string | null } = { url: null };
    const describe = async (): Promise<OwnerInfo> => {
      const { url } = served;
      return { pid: process.pid, config_digest: configDigest(config), url, driving: runtime.driving };
    };
    const { runs, removal, segments, backend } = runtime;
    const versions = { uses: () => runtime.versionUses() };
    const parts: StoreParts = { runs, removal, segments, versions, kv: backend.kv, owner: { describe } };
    const server = await serve(folder, parts, runtime, log);
    const announce = (url: string): void => {
      served.url = url;
    };
    return { kind: 'owned', ...parts, runtime, announce, close: () => closeAll(server, runtime) };
  }
}

async function serve(folder: string, parts: StoreParts, runtime: EmbeddedRuntime, log: Logger): Promise<OwnerServer> {
  try {
    return await serveOwner(ownerAddress(folder), parts, log);
  } catch (error) {
    await runtime.close();
    throw error;
  }
}

function alreadyServed({ store, info }: RunningService, cause: unknown): LlmteamError {
  void store.close();
  const message = `'llmteam dev' is already running in this folder, at ${info.url} (process ${info.pid})`;
  return new LlmteamError('STORE_LOCKED', `${message}; use it, stop it, or choose another folder with --home`, {
    cause,
  });
}

async function knows(runs: RunService, run: RunKey): Promise<boolean> {
  try {
    await runs.show(run);
    return true;
  } catch (error) {
    if (isLlmteamError(error) && error.code === 'RUN_UNKNOWN') return false;
    // Its history is here and cannot be read: the command says so, or deletes it.
    if (isLlmteamError(error) && error.code === 'STORE_CORRUPT') return true;
    throw error;
  }
}

async function closeAll(server: OwnerServer, runtime: EmbeddedRuntime): Promise<void> {
  await server.close();
  await runtime.close();
}

function ofRuns({ versions, ...rest }: VersionUses): VersionUses {
  const runs = versions.filter(({ run_count }) => run_count > 0);
  return { ...rest, versions: runs.map((use) => ({ ...use, segments: [], segment_count: 0 })) };
}

function remote(owner: OwnerClient): RemoteStore {
  return { kind: 'remote', ...owner, close: async () => owner.close() };
}
