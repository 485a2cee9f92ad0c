import type { Actor } from '@llmteam/kernel';

/** As on the local command line. */
export const anyone: Actor = { name: 'anyone', key: null, act_for_others: true };

/** A caller whose API key bears the name and may not act for others. */
export function keyOf(name: string): Actor {
  return { name, key: `${name}-key`, act_for_others: false };
}
