import type { Logger } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';

/** A log for people to read. Loaded when it is asked for: most commands log nothing. */
export async function open_log(options: LogOptions): Promise<Logger> {
  const { pretty_log } = await import('./pretty-log.js');
  return pretty_log(options);
}
