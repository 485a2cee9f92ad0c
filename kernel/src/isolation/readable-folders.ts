/**
 * Purpose: what the process of a plugin may read: its own package and those that it depends on, each without its `node_modules`.
 * Invariant: Node follows links inside of what may be read, wherever they lead. So a link that leads anywhere else is a reason to refuse the
 * plugin (I1), wherever it is: also behind other links.
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { dependedPackages, isInstalled, isNamedIn } from './depended-packages.js';
import { type FoundLink, type FoundLinks, linksIn, mostEntries } from './link-search.js';

const modulesName = 'node_modules';

/** A folder that may be read, as a whole or without the `node_modules` in it. */
interface Readable {
  readonly folder: string;
  readonly isWhole: boolean;
}

/** Remembers what it found in folders: several plugins share their dependencies. */
export class ReadableFolders {
  private readonly found = new Map<string, FoundLinks>();

  /** Paths for Node's permission model. @throws LlmteamError `PLUGIN_INVALID` naming a link that leads out, and where to */
  of(specifier: string, packageFolder: string): string[] {
    try {
      const { folders, links } = dependedPackages(packageFolder);
      this.check([
        ...folders.map((folder): Readable => ({ folder, isWhole: !existsSync(join(folder, modulesName)) })),
        ...links.map((link): Readable => ({ folder: realpathSync(link), isWhole: true })),
      ]);
      return [...folders.flatMap(pathsOf), ...links];
    } catch (cause) {
      const what = `plugin '${specifier}' cannot have a process of its own: ${cause instanceof Error ? cause.message : cause}`;
      throw new LlmteamError('PLUGIN_INVALID', what, { cause });
    }
  }

  /** Looks through all that may be read, and all that links in it lead to. */
  private check(readable: Readable[]): void {
    let entries = 0;
    const searched = new Set<string>();
    for (const { folder, isWhole } of readable) {
      const key = `${folder} ${isWhole}`;
      if (searched.has(key)) continue;
      searched.add(key);
      const found = this.search(key, folder, isWhole);
      entries += found.entries;
      if (entries >= mostEntries) {
        throw new Error(`it and its dependencies have more than ${mostEntries} files, too many to look for links in`);
      }
      for (const link of found.links) {
        if (readable.some((one) => covers(one, link.target))) continue;
        if (!isOfWorkspace(link)) throw new Error(leadsOut(link));
        readable.push({ folder: link.target, isWhole: true });
      }
    }
  }

  private search(key: string, folder: string, isWhole: boolean): FoundLinks {
    const known = this.found.get(key) ?? linksIn(folder, isWhole ? [] : [modulesName]);
    this.found.set(key, known);
    return known;
  }
}

/** Links in a folder that lead out of it; what is installed in it is not looked at. */
export function linksOutOf(folder: string): string[] {
  const own: Readable = { folder: realpathSync(folder), isWhole: true };
  return linksIn(own.folder, [modulesName, '.git'])
    .links.filter(({ target }) => !covers(own, target))
    .map(leadsOut);
}

function leadsOut({ path, target }: FoundLink): string {
  return `the link '${path}' leads to '${target}', which is outside of it and of its dependencies`;
}

function covers({ folder, isWhole }: Readable, path: string): boolean {
  if (isWhole) return path === folder || path.startsWith(folder + sep);
  return path.startsWith(folder + sep) && path.slice(folder.length + 1).split(sep)[0] !== modulesName;
}

/**
 * Whether it is what a package manager makes in a folder of the operator's: a link to a package that is installed or that the one around it
 * names, or to a command of one.
 */
function isOfWorkspace({ path, target }: FoundLink): boolean {
  const scope = basename(dirname(path)).startsWith('@') ? basename(dirname(path)) : null;
  const isCommand = basename(dirname(path)) === '.bin';
  const modules = scope === null && !isCommand ? dirname(path) : dirname(dirname(path));
  const owner = dirname(modules);
  if (basename(modules) !== modulesName || isInstalled(owner)) return false;
  if (isCommand) return isInstalled(target) && statSync(target, { throwIfNoEntry: false })?.isFile() === true;
  const name = scope === null ? basename(path) : `${scope}/${basename(path)}`;
  return existsSync(join(target, 'package.json')) && (isInstalled(target) || isNamedIn(owner, name));
}

/** What is directly in a package, if it must be told apart from its `node_modules`. */
function pathsOf(folder: string): string[] {
  const names = readdirSync(folder);
  if (!names.includes(modulesName)) return [folder];
  // To Node a star means all that begins so.
  return names.filter((name) => name !== modulesName && !name.includes('*')).map((name) => join(folder, name));
}
