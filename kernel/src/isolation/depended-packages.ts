/** The packages that the code of a plugin consists of: its own, and what each of them names in its package.json. */
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';

/** What names a folder in `node_modules` and no other. */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;
/** More packages than any plugin has. */
const mostPackages = 2_000;
const modulesName = 'node_modules';
/** As Linux follows. */
const mostLinks = 40;

export interface DependedPackages {
  /** Real folders; the first one is the plugin's. */
  readonly folders: readonly string[];
  /** Paths in `node_modules` that are links to some of them. Node follows them to find a package. */
  readonly links: readonly string[];
}

/** @throws Error that says which link to packages cannot be followed */
export function dependedPackages(packageFolder: string): DependedPackages {
  const folders = new Set([realpathSync(packageFolder)]);
  const links = new Set<string>();
  for (const folder of folders) {
    if (folders.size > mostPackages) throw new Error(`it depends on more than ${mostPackages} packages`);
    for (const { path, real } of dependenciesOf(folder)) {
      for (const link of linksFrom(path, real)) links.add(link);
      folders.add(real);
    }
  }
  return { folders: [...folders], links: [...links] };
}

/** The path, if it is a link, and the links that this one leads through: `npm link` makes two of them. */
function linksFrom(path: string, real: string): string[] {
  const links: string[] = [];
  for (let at = path; at !== real && isLink(at) && links.length < mostLinks; ) {
    links.push(at);
    const target = resolve(dirname(at), readlinkSync(at));
    at = join(realpathSync(dirname(target)), basename(target));
  }
  return links;
}

interface Dependency {
  /** Where Node finds it. */
  readonly path: string;
  readonly real: string;
}

/** A missing one is not our business: the code says so when it needs it. */
function dependenciesOf(folder: string): Dependency[] {
  return namesIn(folder).flatMap((name) => {
    for (let at = folder; ; at = dirname(at)) {
      const path = join(at, modulesName, name);
      if (existsSync(join(path, 'package.json'))) return reached(folder, path, name);
      if (at === dirname(at)) return [];
    }
  });
}

/**
 * What was installed may not lead out of what was installed: npm makes a link of `"dependencies": { "all": "file:/home" }` in any package.
 * What an operator keeps in a folder of his own may, as workspaces do.
 */
function reached(folder: string, path: string, name: string): Dependency[] {
  const real = realpathSync(path);
  if (isInstalled(folder) && !isInstalled(real)) return [];
  // To follow it Node must read it, and who may read a link may read all that is behind it.
  const links = [...(name.includes('/') ? [dirname(path)] : []), path.slice(0, -name.length - 1)].filter(isLink);
  if (links.length === 0) return [{ path, real }];
  throw new Error(
    `it finds '${name}' through the link '${links[0]}', which leads to more than that package; only a package itself may be a link`,
  );
}

export function isInstalled(folder: string): boolean {
  return folder.split(sep).includes(modulesName);
}

function isLink(path: string): boolean {
  return lstatSync(path).isSymbolicLink();
}

interface Description {
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependencies?: object;
  readonly devDependencies?: object;
  readonly bundleDependencies?: unknown;
  readonly bundledDependencies?: unknown;
}

function namesIn(folder: string): string[] {
  const description = descriptionOf(folder);
  const { dependencies, optionalDependencies, peerDependencies } = description;
  const bundled = [description.bundleDependencies, description.bundledDependencies].flatMap((one) =>
    Array.isArray(one) ? one.map(String) : [],
  );
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return [...new Set([...names, ...bundled])].filter((name) => packageName.test(name));
}

/** Whether the package in a folder names another one, for development too. */
export function isNamedIn(folder: string, name: string): boolean {
  return namesIn(folder).includes(name) || Object.hasOwn(descriptionOf(folder).devDependencies ?? {}, name);
}

function descriptionOf(folder: string): Description {
  try {
    const description: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof description === 'object' && description !== null ? description : {};
  } catch {
    return {};
  }
}
