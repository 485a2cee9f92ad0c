import type { PolicedFetch } from '@llmteam/egress';
import type { Outbound } from '@llmteam/kernel';

/** How handlers reach the network. Loaded by the first request, because most processes and commands send none. */
export function guardedOutbound(): Outbound {
  const state = { opened: null as Promise<PolicedFetch> | null };
  return async (input, options, policy) => {
    state.opened ??= import('@llmteam/egress').then(({ openGuardedFetch }) => openGuardedFetch());
    const { fetch } = await state.opened;
    return fetch(input, options, policy);
  };
}
