import type { RunKey } from '@llmteam/contracts';
import { resumeCommand } from './own-commands.js';
import type { Settings } from './settings.js';

/** A line for people, unless they want none. */
export function tell(settings: Settings, text: string): void {
  if (!settings.quiet) settings.streams.note(text);
}

/** Nobody drives the run at the moment: what was said is kept until somebody does. */
export function tellHowToGoOn(settings: Settings, run: RunKey): void {
  tell(settings, `No process works on the run now; it goes on with: ${resumeCommand(settings, run)}`);
}
