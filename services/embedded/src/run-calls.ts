import type { RunService } from '@llmteam/kernel';

/** The calls that processes may make of the one that owns a store, by name. */
export const run_calls = [
  'start',
  'list',
  'show',
  'events',
  'definition',
  'control',
  'signal',
  'fork',
  'tasks',
  'task',
  'claim',
  'answer',
] as const satisfies readonly (keyof RunService)[];

export type RunCall = (typeof run_calls)[number];
