import type { Logger } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';
import { switchedLog } from './switched-log.js';

/** Opens the log. The implementation is imported lazily: most commands log nothing. */
export async function openLog(options: LogOptions): Promise<Logger> {
  const { lineLog } = await import('./line-log.js');
  return lineLog(options);
}

/** The log of a process that serves: SIGUSR2 sets its level to `debug`, and back. `normal`: what it writes to until then. */
export async function openServiceLog(options: LogOptions, normal?: Logger): Promise<Logger> {
  return switchedLog({
    normal: normal ?? (await openLog(options)),
    configured: options.level,
    openDetailed: () => openLog({ ...options, level: 'debug' }),
  });
}
