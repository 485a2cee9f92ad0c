import { exit_codes } from './exit-codes.js';
import type { Streams } from './streams.js';

/** A plugin may end the process, with an exit code of its liking; that must not look as if the command were done. */
export function watch_for_early_end(is_done: () => boolean, streams: Streams): void {
  process.once('exit', (code) => {
    if (is_done() || code === exit_codes.interrupted) return;
    streams.note('error PLUGIN_FAILED: a plugin ended the process before the command was done');
    streams.on_crash();
    process.exitCode = exit_codes.failed;
  });
}
