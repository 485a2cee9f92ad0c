import { exitCodes } from './exit-codes.js';
import type { Streams } from './streams.js';

/** A plugin may end the process, with an exit code of its liking; that must not look as if the command were done. */
export function watchForEarlyEnd(isDone: () => boolean, streams: Streams): void {
  process.once('exit', (code) => {
    if (isDone() || code === exitCodes.interrupted) return;
    streams.note('error PLUGIN_FAILED: a plugin ended the process before the command was done');
    streams.crashed();
    process.exitCode = exitCodes.failed;
  });
}
