/** The one place where an error becomes words and an exit code. A stack trace is shown at `--log-level debug` only. */
import { inspect } from 'node:util';
import { isLlmteamError } from '@llmteam/contracts';
import { makeColours } from './colours.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

export function reportError(thrown: unknown, settings: Settings): ExitCode {
  const { streams, logLevel, colours } = settings;
  const { red, dim } = makeColours(colours.stderr);
  const isDebug = logLevel === 'debug';
  if (isLlmteamError(thrown)) {
    // A fault of several plugins is one line for each.
    const message = thrown.message.split('\n').map(plainText).join('\n  ');
    streams.note(`${red('error')} ${thrown.code}: ${message}`);
    if (isDebug) streams.note(dim(inspect(thrown)));
    return thrown.code === 'USAGE' ? exitCodes.usage : exitCodes.failed;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  streams.note(`${red('internal error')}: ${plainText(message)}`);
  streams.note(
    isDebug ? dim(inspect(thrown)) : 'This is a fault of llmteam; --log-level debug shows where it happened.',
  );
  return exitCodes.failed;
}
