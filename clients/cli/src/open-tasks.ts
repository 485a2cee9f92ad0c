/**
 * Purpose: the open human tasks of a run that a command is attached to, and of its child runs.
 * Owns: noticing them once, and asking for their answers on a terminal. Looking them up is best effort.
 */
import { type HumanTask, isLlmteamError, type RunEvent } from '@llmteam/contracts';
import { makeColours } from './colours.js';
import type { Ask, Dialog } from './display/dialog.js';
import type { RunProgress } from './display/progress.js';
import { localActor } from './local-actor.js';
import type { Runs } from './run-stores.js';
import type { Settings } from './settings.js';
import { askForAnswer, Dismissed } from './task-dialog.js';
import { taskText } from './task-text.js';
import type { WaitingNotes } from './waiting-notes.js';

export class OpenTasks {
  private readonly noticed = new Set<string>();
  private asked: { readonly taskId: string; readonly gone: AbortController } | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly tenantId: string,
    private readonly progress: RunProgress,
    private readonly notes: WaitingNotes,
    /** null if nobody can be asked here. */
    private readonly dialog: Dialog | null,
  ) {}

  /** Call it after the events were applied to the progress. */
  noteEvents(events: readonly RunEvent[], runs: Runs): void {
    for (const { event_type, payload } of events) {
      if (event_type !== 'human.task_created') continue;
      this.lookUp(async () => [await runs.task(this.tenantId, String(payload.task_id))], runs);
    }
    if (this.asked !== null && !this.progress.tasks.has(this.asked.taskId)) this.asked.gone.abort();
  }

  /** Finds the tasks that were opened before. */
  find(runs: Runs, runIds: readonly string[]): void {
    for (const runId of runIds) {
      this.lookUp(async () => (await runs.tasks({ tenant_id: this.tenantId, run_id: runId })).rows, runs);
    }
  }

  private lookUp(look: () => Promise<readonly HumanTask[]>, runs: Runs): void {
    if (this.settings.quiet) return;
    const notice = async (): Promise<void> => {
      for (const task of await look()) if (task.status !== 'closed') this.notice(task, runs);
    };
    notice().catch(() => undefined);
  }

  private notice(task: HumanTask, runs: Runs): void {
    this.progress.tasks.set(task.task_id, task);
    if (this.noticed.has(task.task_id)) return;
    this.noticed.add(task.task_id);
    this.notes.noteTask(task);
    this.dialog?.hold((ask) => this.converse(task, runs, ask)).catch(() => undefined);
  }

  private async converse(task: HumanTask, runs: Runs, ask: Ask): Promise<void> {
    const { streams, colours } = this.settings;
    const say = (line: string): void => streams.note(line);
    if (!this.progress.tasks.has(task.task_id)) return;
    const gone = new AbortController();
    this.asked = { taskId: task.task_id, gone };
    try {
      say(`\n${taskText(task, makeColours(colours.stderr))}`);
      const isLeft = !(await this.answer(task, runs, (question) => ask(question, gone.signal), say));
      if (isLeft && gone.signal.aborted) say('The task is no longer open.');
    } finally {
      this.asked = null;
    }
  }

  /** Asks again if the answer does not fit the task. Resolves with whether the answer was accepted. */
  private async answer(task: HumanTask, runs: Runs, ask: Ask, say: (line: string) => void): Promise<boolean> {
    const reply = async (question: string): Promise<string> => {
      const text = await ask(question);
      if (text === null) throw new Dismissed('the question was dismissed');
      return text;
    };
    for (;;) {
      const given = await askForAnswer(task, reply, say).catch(nullIfDismissed);
      if (given === null) return false;
      try {
        await runs.answer(this.tenantId, task.task_id, given, localActor());
        return true;
      } catch (error) {
        say(`error: ${error instanceof Error ? error.message : String(error)}`);
        if (!isLlmteamError(error) || error.code !== 'ANSWER_INVALID') return false;
      }
    }
  }
}

function nullIfDismissed(thrown: unknown): null {
  if (thrown instanceof Dismissed) return null;
  throw thrown;
}
