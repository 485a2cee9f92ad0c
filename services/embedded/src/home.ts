/**
 * Purpose: what a command needs of a home folder: run something in a store of its own, or reach the store a run lies in, whoever owns it.
 * Owns: choosing between "this process owns the store" and "ask the process that does".
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { system_clock } from '@llmteam/backend-embedded';
import { is_llmteam_error, type Journal, LlmteamError, type Logger, type RunKey } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';
import { type Config, load_plugins, type Plugins } from '@llmteam/service-host';
import { owner_address } from './owner-address.js';
import { connect_to_owner, type OwnerClient } from './owner-client.js';
import { type OwnerServer, serve_owner } from './owner-server.js';
import type { RemoteRegistry } from './run-calls.js';
import { EmbeddedRuntime } from './runtime.js';
import { type OwnedStore, Stores } from './stores.js';

export interface HomeOptions {
  /** The folder that holds the data, `.llmteam` by default. */
  readonly home: string;
  readonly config: Config;
  readonly log: Logger;
  /** Loaded before. Default: loaded with the first store. */
  readonly plugins?: Plugins;
  readonly decorate_journal?: (journal: Journal) => Journal;
  readonly store_patience_ms?: number;
}

/** A store that this process owns, opened and reachable for others. */
export interface OwnedHome {
  readonly kind: 'owned';
  readonly runs: RunService;
  readonly registry: RemoteRegistry;
  readonly runtime: EmbeddedRuntime;
  close(): Promise<void>;
}

/** A store that another process owns. */
export interface RemoteHome {
  readonly kind: 'remote';
  readonly runs: RunService;
  readonly registry: RemoteRegistry;
  close(): Promise<void>;
}

const lock_patience_ms = 3_000;
/** How many owners of a store may go away while it is looked into. */
const most_owners = 20;

/** Opens one store at a time: all of them share the plugins, which start and stop with it. */
export class Home {
  private plugins: Plugins | undefined;
  private readonly clock = system_clock();
  private readonly stores: Stores;

  constructor(private readonly options: HomeOptions) {
    const synchronous = options.config.file.synchronous ?? 'full';
    this.stores = new Stores({ home: options.home, clock: this.clock, synchronous });
    this.plugins = options.plugins;
  }

  /** A store for new runs. */
  async open_any(): Promise<OwnedHome> {
    return this.open_runtime(() => this.stores.own_any());
  }

  /** The store of the service, for the process that is the service. @throws LlmteamError `STORE_LOCKED` if another one is */
  async open_service(): Promise<OwnedHome> {
    return this.open_runtime(() => this.stores.own(this.stores.service_folder()));
  }

  /** The store of the service, whoever owns it. */
  async reach_service(): Promise<OwnedHome | RemoteHome> {
    return this.open_store(this.stores.service_folder());
  }

  /** The store a run lies in. @throws LlmteamError `RUN_UNKNOWN` */
  async open_store_of(run: RunKey): Promise<OwnedHome | RemoteHome> {
    for (const folder of this.stores.folders()) {
      const found = await this.visit(folder, async (store) => {
        const is_here = await knows(store.runs, run);
        if (!is_here) await store.close();
        return is_here ? store : null;
      });
      if (found !== null) return found;
    }
    throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run.run_id}' below '${this.options.home}'`);
  }

  /** Every store, one after the other. `look` may be called again if the owner of a store goes away meanwhile. */
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

  /** Opens a store and looks into it, again if its owner goes away meanwhile. `look` closes it, unless it throws. */
  private async visit<T>(folder: string, look: (store: OwnedHome | RemoteHome) => Promise<T>): Promise<T> {
    for (let left = most_owners; ; left--) {
      const store = await this.open_store(folder);
      try {
        return await look(store);
      } catch (error) {
        await store.close();
        const is_owner_gone = store.kind === 'remote' && is_llmteam_error(error) && error.code === 'STORE_LOCKED';
        if (!is_owner_gone || left === 0) throw error;
      }
    }
  }

  /** Owns the store if nobody does, else asks its owner. */
  private async open_store(folder: string): Promise<OwnedHome | RemoteHome> {
    const until = this.clock.now() + lock_patience_ms;
    for (;;) {
      try {
        return await this.open_runtime(() => this.stores.own(folder));
      } catch (error) {
        if (!is_llmteam_error(error) || error.code !== 'STORE_LOCKED') throw error;
        const owner = await connect_to_owner(owner_address(folder));
        if (owner !== null) return remote(owner);
        if (this.clock.now() > until) throw error;
        await sleep(50);
      }
    }
  }

  private async open_runtime(own: () => Promise<OwnedStore>): Promise<OwnedHome> {
    const { config, log, decorate_journal, store_patience_ms } = this.options;
    let folder = '';
    const open_backend = async (): Promise<OwnedStore['backend']> => {
      const store = await own();
      folder = store.folder;
      return store.backend;
    };
    this.plugins ??= await load_plugins(config, log);
    const runtime = await EmbeddedRuntime.open({
      config,
      plugins: this.plugins,
      clock: this.clock,
      log,
      open_backend,
      ...(decorate_journal !== undefined && { decorate_journal }),
      ...(store_patience_ms !== undefined && { store_patience_ms }),
    });
    const { runs, backend } = runtime;
    const { registry } = backend;
    const server = await serve_owner(owner_address(folder), { runs, registry }, log);
    return { kind: 'owned', runs, registry, runtime, close: () => close_all(server, runtime) };
  }
}

async function knows(runs: RunService, run: RunKey): Promise<boolean> {
  try {
    await runs.show(run);
    return true;
  } catch (error) {
    if (is_llmteam_error(error) && error.code === 'RUN_UNKNOWN') return false;
    throw error;
  }
}

async function close_all(server: OwnerServer, runtime: EmbeddedRuntime): Promise<void> {
  await server.close();
  await runtime.close();
}

function remote(owner: OwnerClient): RemoteHome {
  return { kind: 'remote', runs: owner.runs, registry: owner.registry, close: async () => owner.close() };
}
