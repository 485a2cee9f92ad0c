/**
 * Purpose: tells when one of the JSON and YAML files in some folders has changed.
 * Owns: which events count: files that were only read do not, nor those that this process's own output goes to.
 */
import { type FSWatcher, fstatSync, readdirSync, type Stats, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LlmteamError } from '@llmteam/contracts';
import { systemReason } from '@llmteam/service-host';

/** Editors write a file in several steps. */
const settleMs = 100;
const watched = /\.(json|jsonc|ya?ml)$/;

export class FileChanges {
  private readonly watchers: FSWatcher[] = [];
  private readonly folders: readonly string[];
  private seen: string;
  private tell: () => void = () => undefined;

  /** `ignored`: absolute paths. @throws LlmteamError `FILE_UNREADABLE` if a folder cannot be watched */
  constructor(
    folders: Iterable<string>,
    private readonly ignored: ReadonlySet<string>,
  ) {
    this.folders = [...new Set(folders)];
    this.seen = this.state();
    for (const folder of this.folders) {
      try {
        this.watchers.push(watch(folder, () => this.tell()));
      } catch (cause) {
        this.close();
        const message = `cannot watch the folder '${folder}': ${systemReason(cause)}`;
        throw new LlmteamError('FILE_UNREADABLE', message, { cause });
      }
    }
  }

  /** Resolves once files have changed since the last call and are no longer being written. */
  async next(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.tell = () => {
        if (this.state() !== this.seen) resolve();
      };
      this.tell();
    });
    do {
      this.seen = this.state();
      await sleep(settleMs);
    } while (this.state() !== this.seen);
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }

  private state(): string {
    const paths = this.folders.flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
    return paths.flatMap((path) => (this.ignored.has(path) ? [] : stateOf(path))).join('\n');
  }
}

function stateOf(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || isOwnOutput(found) ? [] : [`${path} ${found.mtimeMs} ${found.size}`];
}

/** `llmteam run … --watch > out.json` must not run again because of its result. */
function isOwnOutput({ ino, dev }: Stats): boolean {
  return [process.stdout.fd, process.stderr.fd].some((fd) => {
    const output = fstatSync(fd);
    return output.ino === ino && output.dev === dev;
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => watched.test(name));
  } catch {
    return [];
  }
}
