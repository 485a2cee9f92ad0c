import { match } from 'path-to-regexp';

/** `/runs/{run_id}` as path-to-regexp writes it, which the router is built on: `/runs/:run_id`. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{([a-z_]+)\}/g, ':$1');
}

/** Returns the decoded parameters of a path, or null if it does not match. */
export type PathMatcher = (path: string) => Readonly<Record<string, string>> | null;

/** Matches paths the way the router does, for requests it does not see. */
export function pathMatcher(routePath: string): PathMatcher {
  const matches = match<Record<string, string>>(routerPath(routePath), { sensitive: true, trailing: false });
  return (path) => {
    const found = matches(path);
    return found === false ? null : found.params;
  };
}
