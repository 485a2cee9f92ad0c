/*
 * Purpose: stores blobs as files named by the hash of their content.
 * Owns: `<folder>/ab/<hash>`, where ab is the first two digits, and `<folder>/tmp`.
 * Invariants:
 *  D1 A file under its final name is complete: it is written under a temporary name, synced, then renamed.
 *  D2 No path is built from arbitrary data: only strings in hash format map to a file.
 *  D3 When durable, `put` resolves after the file and its parent folders have been synced; once a sync has failed, every
 *     later `put` fails, because the result of a second sync cannot be trusted.
 */
import { access, type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Blobs, closedError, LlmteamError } from '@llmteam/contracts';
import { blobHash } from './memory-blobs.js';
import { privateFile, privateFolder } from './private-files.js';
import { RecentMap } from './recent-map.js';
import { storeError, systemCode } from './store-error.js';

const hashFormat = /^sha256:(([0-9a-f]{2})[0-9a-f]{62})$/;
/** How many files may be open at a time. */
const lanes = 16;
/** At least this many recent blobs can be put again without disk access. */
const keptHashes = 10_000;

export class FileBlobs implements Blobs {
  readonly supports = { durable: true };
  readonly #folder: string;
  readonly #durable: boolean;
  /** In-flight puts by hash: concurrent puts of the same blob share one write. */
  readonly #puts = new Map<string, Promise<void>>();
  /** Hashes known to be stored, until a read proves otherwise. */
  readonly #kept = new RecentMap<true>(keptHashes);
  readonly #lanes: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
  #nextLane = 0;
  #nextFile = 0;
  #failure: LlmteamError | null = null;
  #closed = false;

  private constructor(folder: string, durable: boolean) {
    this.#folder = folder;
    this.#durable = durable;
  }

  /** Removes partial files left by a crash: the folder belongs to this process. */
  static async open(folder: string, durable: boolean): Promise<FileBlobs> {
    const blobs = new FileBlobs(folder, durable);
    try {
      await rm(join(folder, 'tmp'), { recursive: true, force: true });
      await mkdir(join(folder, 'tmp'), { recursive: true, mode: privateFolder });
      await blobs.#syncFolder(dirname(folder));
      return blobs;
    } catch (error) {
      throw storeError(folder, error);
    }
  }

  async put(bytes: Uint8Array): Promise<string> {
    this.#checkOpen();
    const hash = blobHash(bytes);
    if (this.#kept.get(hash)) return hash;
    const copy = Buffer.from(bytes);
    const put = this.#puts.get(hash) ?? this.#inLane(() => this.#keep(hash, copy));
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
    this.#checkOpen();
    const bytes = await this.#inLane(() => this.#read(hash));
    if (bytes !== null && blobHash(bytes) === hash) return new Uint8Array(bytes);
    this.#kept.delete(hash);
    if (bytes === null) throw new LlmteamError('BLOB_MISSING', `There is no blob ${hash} in ${this.#folder}`);
    throw new LlmteamError('STORE_CORRUPT', `The blob ${hash} in ${this.#folder} is damaged`);
  }

  async has(hash: string): Promise<boolean> {
    this.#checkOpen();
    const file = this.#file(hash);
    if (file === null) return false;
    try {
      await access(file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw storeError(this.#folder, error);
    }
  }

  async remove(hash: string): Promise<void> {
    this.#checkOpen();
    const file = this.#file(hash);
    if (file === null) return;
    this.#kept.delete(hash);
    await this.#inLane(async () => {
      try {
        await rm(file);
        await this.#syncFolder(dirname(file));
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw storeError(this.#folder, error);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#lanes);
  }

  async #keep(hash: string, bytes: Buffer): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const file = this.#file(hash);
    if (file === null) throw new TypeError(`${hash} is not a hash`);
    this.#nextFile += 1;
    const draft = join(this.#folder, 'tmp', String(this.#nextFile));
    try {
      const existing = await this.#read(hash);
      if (existing?.equals(bytes)) {
        // A process may have crashed after writing it but before syncing it.
        await this.#syncFile(file);
      } else {
        await this.#write(draft, bytes);
        await mkdir(dirname(file), { recursive: true, mode: privateFolder });
        await rename(draft, file);
      }
      await this.#syncFolder(dirname(file));
      await this.#syncFolder(this.#folder);
    } catch (error) {
      await rm(draft, { force: true });
      throw storeError(this.#folder, error);
    }
  }

  async #write(file: string, bytes: Buffer): Promise<void> {
    const handle = await open(file, 'w', privateFile);
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
      if (systemCode(error) === 'ENOENT') return null;
      throw storeError(this.#folder, error);
    }
  }

  async #syncFile(path: string): Promise<void> {
    if (!this.#durable) return;
    const handle = await open(path, 'r');
    try {
      await this.#sync(handle);
    } finally {
      await handle.close();
    }
  }

  /** Windows cannot sync folders and does not need to. */
  async #syncFolder(path: string): Promise<void> {
    if (process.platform !== 'win32') await this.#syncFile(path);
  }

  async #sync(handle: FileHandle): Promise<void> {
    if (!this.#durable) return;
    try {
      await handle.sync();
    } catch (cause) {
      const message = `The blobs in ${this.#folder} cannot be made durable; restart to recover`;
      this.#failure = new LlmteamError('STORE_FAILED', message, { cause });
      throw this.#failure;
    }
  }

  #file(hash: string): string | null {
    const [, digits, first] = hashFormat.exec(hash) ?? [];
    return digits === undefined || first === undefined ? null : join(this.#folder, first, digits);
  }

  #inLane<T>(work: () => Promise<T>): Promise<T> {
    const lane = this.#nextLane;
    this.#nextLane = (lane + 1) % lanes;
    const result = (this.#lanes[lane] ?? Promise.resolve()).then(work);
    this.#lanes[lane] = result.catch(() => undefined);
    return result;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('blob store');
  }
}
