import { exitCodes } from './exit-codes.js';
import type { Streams } from './streams.js';

/** A plugin may call `process.exit` with any code; that must not look as if the command had finished. */
export function watchForEarlyEnd(isDone: () => boolean, streams: Streams): void {
  process.once('exit', (code) => {
    if (isDone() || code === exitCodes.interrupted) return;
    streams.note('error PLUGIN_FAILED: a plugin exited the process before the command had finished');
    streams.crashed();
    process.exitCode = exitCodes.failed;
  });
}
