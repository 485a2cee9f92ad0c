/** Finds symbolic links in folders. */
import { type Dirent, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface FoundLink {
  readonly path: string;
  /** Where it really leads; for one that leads to nothing, what it says. */
  readonly target: string;
}

export interface FoundLinks {
  readonly links: readonly FoundLink[];
  /** How many files and folders were looked at. */
  readonly entries: number;
}

/** More than the dependencies of any plugin have. */
export const mostEntries = 200_000;

/** Looks through a folder, without the folders directly in it that have one of the names. Stops at {@link mostEntries}. */
export function linksIn(folder: string, without: readonly string[] = []): FoundLinks {
  const links: FoundLink[] = [];
  const folders = [folder];
  let entries = 0;
  for (let at = folders.pop(); at !== undefined && entries < mostEntries; at = folders.pop()) {
    for (const entry of entriesOf(at)) {
      if (at === folder && without.includes(entry.name)) continue;
      entries++;
      const path = join(at, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink()) links.push({ path, target: targetOf(path) });
    }
  }
  return { links, entries };
}

/** A folder that this process cannot read, its plugins cannot read either. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function targetOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(dirname(path), readlinkSync(path));
  }
}
