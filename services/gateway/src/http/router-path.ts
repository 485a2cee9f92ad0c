/** `/runs/{run_id}` as the router writes it: `/runs/:run_id`. */
export function routerPath(path: string): string {
  return path.replaceAll(/\{([a-z_]+)\}/g, ':$1');
}
