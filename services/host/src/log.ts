import type { Logger } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';

/** Opens the log. The implementation is imported lazily: most commands log nothing. */
export async function openLog(options: LogOptions): Promise<Logger> {
  const { lineLog } = await import('./line-log.js');
  return lineLog(options);
}
