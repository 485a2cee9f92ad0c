import type { RunKey } from '@llmteam/contracts';
import { resumeCommand } from './own-commands.js';
import type { Settings } from './settings.js';

/** Prints a note on stderr unless `--quiet` is given. */
export function printNote(settings: Settings, text: string): void {
  if (!settings.quiet) settings.streams.note(text);
}

/** The run is an orphan: what was just recorded takes effect once a process drives it. */
export function printResumeHint(settings: Settings, run: RunKey): void {
  printNote(settings, `No process is driving this run. To resume it: ${resumeCommand(settings, run)}`);
}
