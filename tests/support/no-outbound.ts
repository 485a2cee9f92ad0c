import { LlmteamError } from '@llmteam/contracts';
import type { Outbound } from '@llmteam/kernel';

/** For workers whose handlers send nothing. */
export const noOutbound: Outbound = async () => {
  throw new LlmteamError('EGRESS_BLOCKED', 'nothing may be sent here');
};
