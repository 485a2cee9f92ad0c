/*
 * Purpose: large values as files, named by the hash of their content.
 * Owns: `<folder>/ab/<hash>`, ab being the first two digits, and `<folder>/tmp`.
 * Invariants:
 *  D1 A file under its final name is whole: it is written under another name, made durable, then renamed.
 *  D2 No path comes from data: only strings in the format of a hash lead to a file.
 *  D3 When durable, `put` resolves after the file and the folders that name it have been synced; once a sync has failed,
 *     every later `put` fails, because what a second sync reports cannot be trusted.
 */
import { access, type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Blobs, LlmteamError } from '@llmteam/contracts';
import { closed_error } from './closed.js';
import { blob_hash } from './memory-blobs.js';
import { RecentMap } from './recent-map.js';
import { store_error, system_code } from './store-error.js';

const hash_format = /^sha256:(([0-9a-f]{2})[0-9a-f]{62})$/;
/** Files that are open at a time. */
const lanes = 16;
/** At least so many of the last blobs can be put again without looking at the disk. */
const kept_hashes = 10_000;

export class FileBlobs implements Blobs {
  readonly supports = { durable: true };
  readonly #folder: string;
  readonly #durable: boolean;
  /** By hash; so that two at once share one file and neither is told before it is kept. */
  readonly #puts = new Map<string, Promise<void>>();
  /** Hashes this process has put or found to be kept, until it finds otherwise. */
  readonly #kept = new RecentMap<true>(kept_hashes);
  readonly #lanes: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
  #next_lane = 0;
  #next_file = 0;
  #failure: LlmteamError | null = null;
  #closed = false;

  private constructor(folder: string, durable: boolean) {
    this.#folder = folder;
    this.#durable = durable;
  }

  /** What a crash left half written is removed: the folder belongs to this process. */
  static async open(folder: string, durable: boolean): Promise<FileBlobs> {
    const blobs = new FileBlobs(folder, durable);
    try {
      await rm(join(folder, 'tmp'), { recursive: true, force: true });
      await mkdir(join(folder, 'tmp'), { recursive: true });
      await blobs.#sync_folder(dirname(folder));
      return blobs;
    } catch (error) {
      throw store_error(folder, error);
    }
  }

  async put(bytes: Uint8Array): Promise<string> {
    this.#check_open();
    const hash = blob_hash(bytes);
    if (this.#kept.get(hash)) return hash;
    const copy = Buffer.from(bytes);
    const put = this.#puts.get(hash) ?? this.#in_lane(() => this.#keep(hash, copy));
    this.#puts.set(hash, put);
    try {
      await put;
      this.#kept.set(hash, true);
      return hash;
    } finally {
      if (this.#puts.get(hash) === put) this.#puts.delete(hash);
    }
  }

  async get(hash: string): Promise<Uint8Array> {
    this.#check_open();
    const bytes = await this.#in_lane(() => this.#read(hash));
    if (bytes !== null && blob_hash(bytes) === hash) return new Uint8Array(bytes);
    this.#kept.delete(hash);
    if (bytes === null) throw new LlmteamError('BLOB_MISSING', `There is no blob ${hash} in ${this.#folder}`);
    throw new LlmteamError('STORE_CORRUPT', `The blob ${hash} in ${this.#folder} is damaged`);
  }

  async has(hash: string): Promise<boolean> {
    this.#check_open();
    const file = this.#file(hash);
    if (file === null) return false;
    try {
      await access(file);
      return true;
    } catch (error) {
      if (system_code(error) === 'ENOENT') return false;
      throw store_error(this.#folder, error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#lanes);
  }

  async #keep(hash: string, bytes: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const file = this.#file(hash);
    if (file === null) throw new TypeError(`${hash} is no hash`);
    this.#next_file += 1;
    const draft = join(this.#folder, 'tmp', String(this.#next_file));
    try {
      const there = await this.#read(hash);
      if (there?.equals(bytes)) {
        // Whoever wrote it may have died before it was durable.
        await this.#sync_file(file);
      } else {
        await this.#write(draft, bytes);
        await mkdir(dirname(file), { recursive: true });
        await rename(draft, file);
      }
      await this.#sync_folder(dirname(file));
      await this.#sync_folder(this.#folder);
    } catch (error) {
      await rm(draft, { force: true });
      throw store_error(this.#folder, error);
    }
  }

  async #write(file: string, bytes: Buffer): Promise<void> {
    const handle = await open(file, 'w');
    try {
      await handle.writeFile(bytes);
      await this.#sync(handle);
    } finally {
      await handle.close();
    }
  }

  async #read(hash: string): Promise<Buffer | null> {
    const file = this.#file(hash);
    if (file === null) return null;
    try {
      return await readFile(file);
    } catch (error) {
      if (system_code(error) === 'ENOENT') return null;
      throw store_error(this.#folder, error);
    }
  }

  async #sync_file(path: string): Promise<void> {
    if (!this.#durable) return;
    const handle = await open(path, 'r');
    try {
      await this.#sync(handle);
    } finally {
      await handle.close();
    }
  }

  /** Windows cannot sync folders, and need not. */
  async #sync_folder(path: string): Promise<void> {
    if (process.platform !== 'win32') await this.#sync_file(path);
  }

  async #sync(handle: FileHandle): Promise<void> {
    if (!this.#durable) return;
    try {
      await handle.sync();
    } catch (cause) {
      const message = `The blobs in ${this.#folder} cannot be made durable; restart to go on`;
      this.#failure = new LlmteamError('STORE_FAILED', message, { cause });
      throw this.#failure;
    }
  }

  #file(hash: string): string | null {
    const [, digits, first] = hash_format.exec(hash) ?? [];
    return digits === undefined || first === undefined ? null : join(this.#folder, first, digits);
  }

  #in_lane<T>(work: () => Promise<T>): Promise<T> {
    const lane = this.#next_lane;
    this.#next_lane = (lane + 1) % lanes;
    const result = (this.#lanes[lane] ?? Promise.resolve()).then(work);
    this.#lanes[lane] = result.catch(() => undefined);
    return result;
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('blob store');
  }
}
