/**
 * Purpose: attaches the CLI to one run until it ends, whether newly started or existing.
 * Owns: the live display, events on stdout, Ctrl-C. Does not own: the store, which is closed by its opener; human tasks (OpenTasks).
 * Invariant: attaching never harms the run. Whatever happens to this process, the run can be resumed.
 */
import {
  isLlmteamError,
  LlmteamError,
  type RunEvent,
  type RunKey,
  type RunResult,
  type Segment,
  type Usage,
} from '@llmteam/contracts';
import type { EmbeddedRuntime, RemoteStore } from '@llmteam/embedded';
import { resultFromView } from '@llmteam/kernel';
import type { Ask, Dialog } from './display/dialog.js';
import type { LiveDisplay } from './display/live-display.js';
import { RunProgress } from './display/progress.js';
import { exitCodes } from './exit-codes.js';
import { type Interrupts, onInterrupt, type StopSignal } from './interrupts.js';
import { printNote } from './notes.js';
import { OpenTasks } from './open-tasks.js';
import { isOrphan } from './orphans.js';
import { resumeCommand } from './own-commands.js';
import { printEvents, type ResultOptions } from './result-output.js';
import { followRun } from './run-following.js';
import type { GatewayStore, Runs } from './run-stores.js';
import { type Watcher, watchRun } from './run-watching.js';
import type { Settings } from './settings.js';
import { WaitingNotes } from './waiting-notes.js';

const dayMs = 86_400_000;

/** The history of the run before this session. */
export interface Past {
  readonly events: readonly RunEvent[];
  /** Total after these events, if they all come from one journal entry; else null. */
  readonly usage: Usage | null;
}

export class RunSession {
  private readonly progress: RunProgress;
  private readonly notes: WaitingNotes;
  private readonly interrupts: Interrupts;
  private tasks: OpenTasks;
  private display: LiveDisplay | null = null;
  /** Null if nobody can be asked. */
  private dialog: Dialog | null = null;
  private isDrivenHere = false;
  /** Cancels the run; null before it has started and after it has ended. */
  private cancel: ((reason: string) => Promise<void>) | null = null;
  private state: 'starting' | 'running' | 'cancelling' | 'ended' = 'starting';
  private stopSignal: StopSignal | null = null;
  private lastSeq = 0;

  private constructor(
    private readonly settings: Settings,
    private readonly run: RunKey,
    segment: Segment,
    private readonly options: ResultOptions,
  ) {
    this.progress = new RunProgress(run, segment);
    // The picture shows what the run waits for.
    this.notes = new WaitingNotes(isDisplayWanted(settings, options) ? { ...settings, quiet: true } : settings, run);
    this.tasks = new OpenTasks(settings, run.tenant_id, this.progress, this.notes, null);
    this.interrupts = onInterrupt(
      (signal) => this.interrupt(signal),
      () => this.exit(),
    );
    settings.streams.handleCrash(() => this.exit());
  }

  static async open(
    settings: Settings,
    run: RunKey,
    segment: Segment,
    options: ResultOptions,
    past: readonly Past[] = [],
  ): Promise<RunSession> {
    const session = new RunSession(settings, run, segment, options);
    for (const { events, usage } of past) {
      session.progress.apply(events, usage);
      session.lastSeq += events.length;
    }
    if (isDisplayWanted(settings, options)) await session.openDisplay();
    return session;
  }

  private async openDisplay(): Promise<void> {
    const { settings, progress } = this;
    const { LiveDisplay } = await import('./display/live-display.js');
    const display = new LiveDisplay(progress, settings);
    this.display = display;
    if (!process.stdin.isTTY || this.options.prompt === false) return;
    const { Dialog } = await import('./display/dialog.js');
    this.dialog = new Dialog(settings, display, () => this.interrupts.receive('SIGINT'));
    this.tasks = new OpenTasks(settings, this.run.tenant_id, progress, this.notes, this.dialog);
  }

  /** Drives the run in this process. `begin` starts it or takes it over. @throws LlmteamError if the runtime fails */
  async drive(runtime: EmbeddedRuntime, begin: () => Promise<void>): Promise<RunResult> {
    this.isDrivenHere = true;
    const stopWatching = this.watch(runtime);
    // A waiting run may leave the event loop empty, and Node would exit.
    const keepAlive = setInterval(() => undefined, dayMs);
    try {
      await begin();
      this.markRunning(runtime.runs);
      this.noteOpenWaits(runtime.runs);
      const result = await runtime.result(this.run);
      this.state = 'ended';
      return result;
    } catch (error) {
      throw this.state === 'starting' ? error : this.withResumeHint(error);
    } finally {
      stopWatching();
      clearInterval(keepAlive);
      this.cancel = null;
    }
  }

  /** Follows a run that another process drives. Resolves to null if the owner of its store exits first. */
  follow(store: GatewayStore): Promise<RunResult>;
  follow(store: RemoteStore | GatewayStore): Promise<RunResult | null>;
  async follow(store: RemoteStore | GatewayStore): Promise<RunResult | null> {
    const { runs } = store;
    const children = this.progress.children();
    this.isDrivenHere = false;
    this.markRunning(runs);
    this.noteOpenWaits(runs);
    try {
      if (store.kind === 'remote') await this.noteOwner(store);
      const followed = this.display === null ? null : children;
      await followRun(store, this.run, this.lastSeq + 1, this.watcher(runs), followed);
      this.state = 'ended';
      const result = resultFromView(await runs.show(this.run));
      this.progress.noteUsage(result.usage);
      return result;
    } catch (error) {
      if (store.kind === 'gateway') throw this.withResumeHint(error);
      if (isLlmteamError(error) && error.code === 'STORE_LOCKED') return null;
      throw error;
    } finally {
      this.cancel = null;
    }
  }

  /** Catches up on the events that were missed when the followed process exited. */
  async catchUp(runs: Runs, usage: Usage): Promise<void> {
    this.noteEvents(await runs.events(this.run, this.lastSeq + 1), null, runs);
    this.progress.noteUsage(usage);
  }

  /** Closes the display and leaves its last frame. Ctrl-C is still handled, since closing the store may take time. */
  close(): void {
    this.dialog?.dismiss();
    this.display?.close();
  }

  private watch(runtime: EmbeddedRuntime): () => void {
    return watchRun(runtime, this.run, this.watcher(runtime.runs), this.progress.children());
  }

  private watcher(runs: Runs): Watcher {
    return {
      events: (events, usage) => this.noteEvents(events, usage, runs),
      childEvents: (events) => {
        this.progress.apply(events, null);
        this.tasks.noteEvents(events, runs);
      },
      live: (message) => this.progress.note(message),
    };
  }

  private noteEvents(events: readonly RunEvent[], usage: Usage | null, runs: Runs): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.lastSeq = last.seq;
    if (this.options.json === true) printEvents(events, this.settings);
    this.progress.apply(events, usage);
    this.notes.noteEvents(events);
    this.tasks.noteEvents(events, runs);
  }

  /** What the run has been waiting for since before this session. */
  private noteOpenWaits(runs: Runs): void {
    for (const { step_id, status, waitingFor } of this.progress.steps.values()) {
      if (status === 'waiting' && waitingFor !== null) this.notes.noteWait(step_id, waitingFor);
    }
    this.tasks.find(runs, [this.run.run_id, ...this.progress.children()]);
  }

  private markRunning(runs: Runs): void {
    if (this.state === 'starting') this.state = 'running';
    this.cancel = (reason) => runs.control(this.run, 'cancel', 'llmteam', reason);
    if (this.stopSignal !== null) this.requestCancel(this.stopSignal);
  }

  private interrupt(signal: StopSignal): void {
    const mayAsk = signal === 'SIGINT' && this.state === 'running' && this.cancel !== null;
    if (mayAsk && this.dialog !== null) this.askHowToStop(this.dialog);
    else this.requestCancel(signal);
  }

  private askHowToStop(dialog: Dialog): void {
    dialog.dismiss();
    const converse = async (ask: Ask): Promise<void> => {
      const question = `cancel the run [c], leave it ${this.isDrivenHere ? 'for later' : 'running'} [l]; Enter = go on: `;
      const reply = (await ask(question))?.trim().toLowerCase() ?? '';
      if (this.state !== 'running') return;
      if (reply !== '' && 'cancel'.startsWith(reply)) this.requestCancel('SIGINT');
      else if (reply !== '' && 'leave'.startsWith(reply)) this.leave();
      else this.interrupts.rearm();
    };
    dialog.hold(converse, { isUrgent: true }).catch(() => undefined);
  }

  private leave(): never {
    this.exit();
    process.exit(exitCodes.interrupted);
  }

  private requestCancel(signal: StopSignal): void {
    this.stopSignal = signal;
    if (this.cancel === null || this.state === 'ended') return;
    const isTyped = signal === 'SIGINT' && process.stdin.isTTY;
    const reason = isTyped ? 'interrupted at the terminal' : `llmteam received ${signal}`;
    if (this.display === null) printNote(this.settings, `The run is being cancelled: ${reason}.`);
    const accepted = (): void => {
      if (this.state !== 'ended') this.state = 'cancelling';
    };
    this.cancel(reason).then(accepted, (error: unknown) => {
      if (isLlmteamError(error) && error.code === 'RUN_ENDED') return;
      this.settings.streams.note(
        `error: the run could not be cancelled: ${error instanceof Error ? error.message : error}`,
      );
    });
  }

  private async noteOwner(store: RemoteStore): Promise<void> {
    const { logLevel, streams } = this.settings;
    const { pid, url } = await store.owner.describe();
    if (await isOrphan(store, this.run)) {
      const owner = `process ${pid} is using the store of run ${this.run.run_id} without working on that run`;
      printNote(this.settings, `Nothing happens yet: ${owner}. This command takes over when that process exits.`);
      return;
    }
    // What `llmteam dev` does with a run is what it is for.
    if (url !== null || (this.display === null && logLevel !== 'debug')) return;
    streams.note(
      `Run ${this.run.run_id} is driven by another process: following it, and taking over if that process exits.`,
    );
  }

  private exit(): void {
    this.close();
    this.settings.streams.note(this.howToResume());
  }

  private howToResume(): string {
    const { run_id } = this.run;
    const command = resumeCommand(this.settings, this.run);
    if (this.state === 'ended') return `run ${run_id} has ended; to print its result: ${command}`;
    if (this.state === 'cancelling') return `run ${run_id} is being cancelled; to see it end: ${command}`;
    if (!this.isDrivenHere) return `run ${run_id} goes on without this command; to follow it: ${command}`;
    return `run ${run_id} can be resumed with: ${command}`;
  }

  /** The runtime has failed, but the run can be resumed. */
  private withResumeHint(error: unknown): unknown {
    if (!isLlmteamError(error)) return error;
    return new LlmteamError(error.code, `${error.message}\n${this.howToResume()}`, { cause: error });
  }
}

/** Events printed to the same terminal would garble the display. */
function isDisplayWanted({ quiet, streams, environment }: Settings, { json }: ResultOptions): boolean {
  if (quiet || !streams.stderrIsTerminal || !environment.canRedraw) return false;
  return !(json === true && streams.stdoutIsTerminal);
}
