import type { Logger } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';

/** A log for people or for machines. Loaded when it is asked for: most commands log nothing. */
export async function open_log(options: LogOptions): Promise<Logger> {
  const { line_log } = await import('./line-log.js');
  return line_log(options);
}
