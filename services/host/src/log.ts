import type { Logger } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';

/** A log for people or for machines. Loaded when it is asked for: most commands log nothing. */
export async function openLog(options: LogOptions): Promise<Logger> {
  const { lineLog } = await import('./line-log.js');
  return lineLog(options);
}
