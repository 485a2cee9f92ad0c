import { LlmteamError } from '@llmteam/contracts';
import type { Outbound } from '@llmteam/kernel';

/** How handlers reach the network. */
export function guardedOutbound(): Outbound {
  return async () => {
    throw new LlmteamError('EGRESS_BLOCKED', 'this process offers handlers no way out');
  };
}
