import type { Logger } from '@llmteam/contracts';

/** Says nothing. */
export const quiet_logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet_logger,
};
