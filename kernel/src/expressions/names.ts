import { closest, distance } from 'fastest-levenshtein';

/** The names an expression may start with, besides comprehension variables. */
export const rootNames = ['value', 'input', 'ports', 'run', 'steps', 'loop'] as const;
export type RootName = (typeof rootNames)[number];

export function isRootName(name: string): name is RootName {
  return (rootNames as readonly string[]).includes(name);
}

/** The fields of the roots the engine provides. */
export const rootFields: Readonly<Partial<Record<RootName, readonly string[]>>> = {
  run: ['id', 'input', 'segment_id', 'tenant_id'],
  loop: ['index', 'item'],
};

/** `; did you mean 'input'?`, or an empty string if no name is close. */
export function didYouMean(name: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const nearest = closest(name, names);
  return distance(name, nearest) <= Math.max(1, Math.round(name.length * 0.4)) ? `; did you mean '${nearest}'?` : '';
}
