import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What names a folder in `node_modules` and no other. */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i;
/** More packages than any plugin has. */
const mostPackages = 2_000;

/**
 * The folders that the code of a package is in, with all it depends on: its own, every `node_modules` that Node searches from it, and the
 * folders that linked packages are really in.
 */
export function readableFolders(packageFolder: string): string[] {
  const folders = new Set<string>();
  const packages = [realpathSync(packageFolder)];
  for (const folder of packages) {
    if (packages.length > mostPackages) break;
    if (![...folders].some((known) => folder.startsWith(`${known}/`))) folders.add(folder);
    for (const modules of modulesAbove(folder)) folders.add(modules);
    for (const dependency of dependenciesOf(folder)) if (!packages.includes(dependency)) packages.push(dependency);
  }
  return [...folders];
}

function modulesAbove(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    if (existsSync(modules)) found.push(modules);
    if (at === dirname(at)) return found;
  }
}

/** Where its dependencies really are. A missing one is not our business: the code says so when it needs it. */
function dependenciesOf(folder: string): string[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = descriptionOf(folder);
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return names
    .filter((name) => packageName.test(name))
    .flatMap((name) => {
      const found = modulesAbove(folder)
        .map((modules) => join(modules, name))
        .find((path) => existsSync(join(path, 'package.json')));
      return found === undefined ? [] : [realpathSync(found)];
    });
}

interface Description {
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependencies?: object;
}

function descriptionOf(folder: string): Description {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Description;
  } catch {
    return {};
  }
}
