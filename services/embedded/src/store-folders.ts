/**
 * Purpose: the stores of a home folder (`.llmteam/`). Each is owned by one process at a time, so several commands can run at once.
 * Owns: finding a free store, listing stores. Does not own: the content of a store.
 * Layout: `<home>/stores/<number>/journal.db`, `blobs/`, `owner.sock`.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Backend, type Clock, isLlmteamError, LlmteamError, type Logger } from '@llmteam/contracts';
import { openLocalStore, systemReason } from '@llmteam/service-host';

export interface StoresOptions {
  readonly home: string;
  readonly clock: Clock;
  readonly synchronous: 'full' | 'relaxed';
  readonly log: Logger;
}

export interface OwnedFolder {
  readonly folder: string;
  readonly backend: Backend;
}

const maxStores = 1_000;
/** A fixed number beyond those used by single commands, so that a service always finds its own store. */
const serviceStore = 9_999;

export class StoreFolders {
  private readonly root: string;

  constructor(private readonly options: StoresOptions) {
    this.root = storesIn(options.home);
  }

  /** Folders of the existing stores, by number. @throws LlmteamError `FILE_UNREADABLE` */
  folders(): string[] {
    return localStoreFolders(this.options.home);
  }

  /** Folders of the stores that single commands use. */
  commandFolders(): string[] {
    return this.folders().filter((folder) => folder !== this.serviceFolderName());
  }

  /** Opens a store exclusively. @throws LlmteamError `STORE_LOCKED` if another process owns it */
  async own(folder: string): Promise<OwnedFolder> {
    const { clock, synchronous, log } = this.options;
    return { folder, backend: await openLocalStore({ folder, clock, synchronous, log }) };
  }

  /** The folder of the service's store, created if absent. @throws LlmteamError `FILE_UNREADABLE`, `STORE_FULL` */
  serviceFolder(): string {
    const folder = this.serviceFolderName();
    makeFolder(folder);
    return folder;
  }

  /** May not exist yet. */
  serviceFolderName(): string {
    return join(this.root, String(serviceStore));
  }

  /** Opens the first store that nobody owns, or a new one. @throws LlmteamError `FILE_UNREADABLE`, `STORE_FULL`, … */
  async ownAny(): Promise<OwnedFolder> {
    for (let number = 1; number <= maxStores; number++) {
      const folder = join(this.root, String(number));
      makeFolder(folder);
      try {
        return await this.own(folder);
      } catch (error) {
        if (!isLlmteamError(error) || error.code !== 'STORE_LOCKED') throw error;
      }
    }
    throw new LlmteamError('STORE_LOCKED', `all ${maxStores} stores in '${this.root}' are in use`);
  }
}

/** The stores of a home folder, without opening them. @throws LlmteamError `FILE_UNREADABLE` */
export function localStoreFolders(home: string): string[] {
  const root = storesIn(home);
  let names: string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(root, error);
  }
  const numbers = names.filter((name) => /^[1-9][0-9]{0,3}$/.test(name)).map(Number);
  return numbers.sort((a, b) => a - b).map((number) => join(root, String(number)));
}

function storesIn(home: string): string {
  return join(resolve(home), 'stores');
}

/** Only for its user. Creates parents one by one: Node's recursive `mkdir` never returns on file systems that refuse new folders, such as /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(folder, error);
  }
}

function unreadable(path: string, cause: unknown): LlmteamError {
  const error = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'STORE_FULL' : 'FILE_UNREADABLE';
  return new LlmteamError(error, `cannot use the folder '${path}': ${systemReason(cause)}`, { cause });
}
