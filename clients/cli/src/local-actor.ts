import type { Actor } from '@llmteam/kernel';
import { userName } from './user-name.js';

/** The user of the local stores, who could change their files anyway. A gateway ignores it: the API key says who acts. */
export function localActor(): Actor {
  return { name: userName(), key: null, act_for_others: true };
}
