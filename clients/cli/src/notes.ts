import type { RunKey } from '@llmteam/contracts';
import { resumeCommand } from './own-commands.js';
import type { Settings } from './settings.js';

/** Prints a note on stderr unless `--quiet` is given. */
export function printNote(settings: Settings, text: string): void {
  if (!settings.quiet) settings.streams.note(text);
}

/** What was just recorded takes effect once a process works on the run. */
export function printResumeHint(settings: Settings, run: RunKey): void {
  printNote(settings, `No process works on this run. To go on: ${resumeCommand(settings, run)}`);
}
