import { LlmteamError, type RunIndex } from '@llmteam/contracts';

/** The index of processes that serve no lists: a gateway builds its own from the journal. */
export const withoutLists: RunIndex = {
  supports: { durable: false },
  apply: async () => undefined,
  noteWaits: async () => undefined,
  remove: async () => undefined,
  clear: noLists,
  position: noLists,
  runs: noLists,
  run: noLists,
  live: noLists,
  tasks: noLists,
  task: noLists,
  close: async () => undefined,
};

function noLists(): Promise<never> {
  return Promise.reject(new LlmteamError('STORE_FAILED', 'this process keeps no lists of runs and tasks'));
}
