/**
 * Purpose: stops plugins one after the other, within one deadline for all.
 * Owns: that each gets its turn. One that takes longer than its share of the time is no longer waited for before the next is stopped, only at
 * the end, as long as there is time. Does not own: which plugins, in which order.
 */
import { LlmteamError, type Logger } from '@llmteam/contracts';
import { withDeadline } from './plugin-deadline.js';

export interface Stopping {
  readonly specifier: string;
  readonly stop: () => Promise<void>;
}

/** Never rejects: what could not be stopped is logged, and so is what was still stopping at the end. */
export async function stopAll(plugins: readonly Stopping[], deadlineMs: number, log: Logger): Promise<void> {
  const until = performance.now() + deadlineMs;
  const leftMs = (): number => Math.max(0, until - performance.now());
  const late = new Map<string, Promise<void>>();
  for (const [at, { specifier, stop }] of plugins.entries()) {
    const stopped = stopOne(specifier, stop, log);
    const shareMs = leftMs() / (plugins.length - at);
    if (!(await endsWithin(stopped, shareMs))) late.set(specifier, stopped);
  }
  const ends = [...late].map(async ([specifier, stopped]) => {
    if (await endsWithin(stopped, leftMs())) return;
    const err = new LlmteamError('PLUGIN_FAILED', `plugin '${specifier}' took longer than ${deadlineMs} ms to stop`);
    log.error({ err, plugin: specifier }, 'a plugin could not be stopped');
  });
  await Promise.all(ends);
}

async function stopOne(specifier: string, stop: Stopping['stop'], log: Logger): Promise<void> {
  try {
    await stop();
  } catch (err) {
    log.error({ err, plugin: specifier }, 'a plugin could not be stopped');
  }
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  return withDeadline(
    work.then(() => true),
    ms,
    () => false,
  );
}
