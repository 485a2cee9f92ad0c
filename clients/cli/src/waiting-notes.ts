/**
 * Purpose: says on stderr, where no picture is drawn, why a run does not go on by itself and what to do.
 * Owns: saying it once per wait, and only for waits that a person may want to know about.
 */
import type { HumanTask, RunEvent, RunKey, WaitingFor } from '@llmteam/contracts';
import { shownTime } from './durations.js';
import { printNote } from './notes.js';
import { answerCommands, signalCommand } from './own-commands.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

/** A shorter timer is over before anybody has read about it. */
const shortestTimerMs = 5_000;
/** A loop may wait at thousands of places. */
const maxNotes = 20;

export class WaitingNotes {
  private readonly told = new Set<string>();

  constructor(
    private readonly settings: Settings,
    private readonly run: RunKey,
  ) {}

  noteEvents(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.event_type !== 'step.waiting' || event.run_id !== this.run.run_id) continue;
      this.noteWait(`${event.scope === '' ? '' : `${event.scope}/`}${event.step_id ?? ''}`, event.payload.waiting_for);
    }
  }

  noteWait(step: string, waitingFor: WaitingFor): void {
    if (waitingFor.kind === 'signal') {
      const { name, correlation } = waitingFor;
      const command = signalCommand(this.settings, this.run, name, correlation);
      this.note(`${step} signal ${name}`, step, `for signal ${plainText(name)}`, [command]);
    }
    if (waitingFor.kind === 'timer') {
      const due = Date.parse(waitingFor.due_at);
      if (due - Date.now() >= shortestTimerMs) this.note(`${step} timer ${due}`, step, `until ${shownTime(due)}`, []);
    }
  }

  noteTask(task: HumanTask): void {
    const title = `for an answer: ${plainText(task.request.title)}`;
    this.note(task.task_id, task.step_id, title, answerCommands(task, this.settings));
  }

  private note(wait: string, step: string, reason: string, commands: readonly string[]): void {
    if (this.told.has(wait) || this.told.size > maxNotes) return;
    this.told.add(wait);
    const { run_id } = this.run;
    const lines = [`Run ${run_id} waits at step '${step}' ${reason}`, ...commands.map((command) => `  ${command}`)];
    if (this.told.size > maxNotes) printNote(this.settings, `Run ${run_id} waits at more steps than are listed here.`);
    else printNote(this.settings, lines.join('\n'));
  }
}
