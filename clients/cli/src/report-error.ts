/** The only place that turns an error into a message and an exit code. Stack traces are shown only at `--log-level debug`. */
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
    // Errors about several plugins have one line per plugin.
    const message = thrown.message.split('\n').map(plainText).join('\n  ');
    streams.note(`${red('error')} ${thrown.code}: ${message}`);
    if (isDebug) streams.note(dim(inspect(thrown)));
    return thrown.code === 'USAGE' ? exitCodes.usage : exitCodes.failed;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  streams.note(`${red('internal error')}: ${plainText(message)}`);
  streams.note(isDebug ? dim(inspect(thrown)) : 'This is a bug in llmteam; --log-level debug prints the stack trace.');
  return exitCodes.failed;
}
