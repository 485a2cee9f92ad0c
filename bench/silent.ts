import type { Logger } from '@llmteam/contracts';

/** Logs warnings and errors only. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: console.warn,
  error: console.error,
  child: () => silent,
};
