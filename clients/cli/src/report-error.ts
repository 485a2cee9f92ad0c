/** The only place that turns an error into a message and an exit code. Stack traces are shown only at `--log-level debug`. */
import { inspect } from 'node:util';
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { isSystemError, systemReason } from '@llmteam/service-host';
import { makeColours } from './colours.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

export function reportError(thrown: unknown, settings: Settings): ExitCode {
  const { streams, logLevel, colours } = settings;
  const { red, dim } = makeColours(colours.stderr);
  const isDebug = logLevel === 'debug';
  const expected = expectedError(thrown);
  if (expected !== null) {
    // Errors about several plugins have one line per plugin.
    const message = expected.message.split('\n').map(plainText).join('\n  ');
    streams.note(`${red('error')} ${expected.code}: ${message}`);
    if (isDebug) streams.note(dim(inspect(thrown)));
    return expected.code === 'USAGE' ? exitCodes.usage : exitCodes.failed;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  streams.note(`${red('internal error')}: ${plainText(message)}`);
  streams.note(isDebug ? dim(inspect(thrown)) : 'This is a bug in llmteam; --log-level debug prints the stack trace.');
  return exitCodes.failed;
}

/** What the operating system refuses is not a bug, even where no caller expected it. Null for anything else. */
function expectedError(thrown: unknown): LlmteamError | null {
  if (isLlmteamError(thrown)) return thrown;
  if (!isSystemError(thrown)) return null;
  const { syscall, path, address, port } = thrown as NodeJS.ErrnoException & { address?: string; port?: number };
  const subject = path ?? (address === undefined ? '' : `${address}${port === undefined ? '' : `:${port}`}`);
  const call = subject === '' ? syscall : `${syscall} '${subject}'`;
  return new LlmteamError('SYSTEM_FAILED', `${call}: ${systemReason(thrown)}`, { cause: thrown });
}
