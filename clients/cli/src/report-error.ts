/** The one place where an error becomes words and an exit code. A stack trace is shown at `--log-level debug` only. */
import { inspect } from 'node:util';
import { is_llmteam_error } from '@llmteam/contracts';
import { make_colours } from './colours.js';
import { type ExitCode, exit_codes } from './exit-codes.js';
import { plain_text } from './plain-text.js';
import type { Settings } from './settings.js';

export function report_error(thrown: unknown, settings: Settings): ExitCode {
  const { streams, log_level, colours } = settings;
  const { red, dim } = make_colours(colours.stderr);
  const is_debug = log_level === 'debug';
  if (is_llmteam_error(thrown)) {
    // A fault of several plugins is one line for each.
    const message = thrown.message.split('\n').map(plain_text).join('\n  ');
    streams.note(`${red('error')} ${thrown.code}: ${message}`);
    if (is_debug) streams.note(dim(inspect(thrown)));
    return thrown.code === 'USAGE' ? exit_codes.usage : exit_codes.failed;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  streams.note(`${red('internal error')}: ${plain_text(message)}`);
  streams.note(
    is_debug ? dim(inspect(thrown)) : 'This is a fault of llmteam; --log-level debug shows where it happened.',
  );
  return exit_codes.failed;
}
