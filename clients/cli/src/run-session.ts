/**
 * Purpose: attaches the CLI to one run until it ends, whether newly started or existing.
 * Owns: the live display, events on stdout, Ctrl-C. Does not own: the store, which is closed by its opener.
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
import type { LiveDisplay } from './display/live-display.js';
import { RunProgress } from './display/progress.js';
import { onInterrupt } from './interrupts.js';
import { resumeCommand } from './own-commands.js';
import { printEvents, type ResultOptions } from './result-output.js';
import { followRun } from './run-following.js';
import type { GatewayStore, Runs } from './run-stores.js';
import { type Watcher, watchRun } from './run-watching.js';
import type { Settings } from './settings.js';

const dayMs = 86_400_000;

/** The history of the run before this session. */
export interface Past {
  readonly events: readonly RunEvent[];
  readonly usage: Usage;
}

export class RunSession {
  private readonly progress: RunProgress;
  private display: LiveDisplay | null = null;
  /** Cancels the run; null before it has started and after it has ended. */
  private cancel: (() => Promise<void>) | null = null;
  private state: 'starting' | 'running' | 'cancelling' | 'ended' = 'starting';
  private isCancelWanted = false;
  private lastSeq = 0;

  private constructor(
    private readonly settings: Settings,
    private readonly run: RunKey,
    segment: Segment,
    private readonly options: ResultOptions,
  ) {
    this.progress = new RunProgress(run, segment);
    onInterrupt(
      () => this.interrupt(),
      () => this.exit(),
    );
    settings.streams.handleCrash(() => this.exit());
  }

  static async open(
    settings: Settings,
    run: RunKey,
    segment: Segment,
    options: ResultOptions,
    past: Past = { events: [], usage: { input_tokens: 0, output_tokens: 0 } },
  ): Promise<RunSession> {
    const session = new RunSession(settings, run, segment, options);
    session.progress.apply(past.events, null);
    session.progress.noteUsage(past.usage);
    session.lastSeq = past.events.length;
    if (isDisplayWanted(settings, options)) {
      const { LiveDisplay } = await import('./display/live-display.js');
      session.display = new LiveDisplay(session.progress, settings);
    }
    return session;
  }

  /** Drives the run in this process. `begin` starts it or takes it over. @throws LlmteamError if the runtime fails */
  async drive(runtime: EmbeddedRuntime, begin: () => Promise<void>): Promise<RunResult> {
    const stopWatching = this.watch(runtime);
    // A waiting run may leave the event loop empty, and Node would exit.
    const keepAlive = setInterval(() => undefined, dayMs);
    try {
      await begin();
      this.markRunning(runtime.runs);
      this.showOpenTasks(runtime.runs, [this.run.run_id, ...this.progress.children()]);
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
    this.markRunning(runs);
    this.showOpenTasks(runs, [this.run.run_id, ...children]);
    if (store.kind === 'remote') this.noteOwner();
    try {
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
        this.showTasks(events, runs);
      },
      token: (stepId, text) => this.progress.write(stepId, text),
    };
  }

  private noteEvents(events: readonly RunEvent[], usage: Usage | null, runs: Runs): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.lastSeq = last.seq;
    if (this.options.json === true) printEvents(events, this.settings);
    if (this.display === null) return;
    this.progress.apply(events, usage);
    this.showTasks(events, runs);
  }

  private showTasks(events: readonly RunEvent[], runs: Runs): void {
    for (const { event_type, payload } of events) {
      if (event_type !== 'human.task_created') continue;
      const taskId = String(payload.task_id);
      this.show(async () => {
        const task = await runs.task(this.run.tenant_id, taskId);
        if (task.status !== 'closed') this.progress.tasks.set(taskId, task);
      });
    }
  }

  /** Shows tasks that were opened before this session. */
  private showOpenTasks(runs: Runs, runIds: readonly string[]): void {
    for (const runId of runIds) {
      this.show(async () => {
        const { rows } = await runs.tasks({ tenant_id: this.run.tenant_id, run_id: runId });
        for (const task of rows) if (task.status !== 'closed') this.progress.tasks.set(task.task_id, task);
      });
    }
  }

  /** Display updates are best effort. */
  private show(look: () => Promise<void>): void {
    if (this.display !== null) look().catch(() => undefined);
  }

  private markRunning(runs: Runs): void {
    if (this.state === 'starting') this.state = 'running';
    this.cancel = () => runs.control(this.run, 'cancel', 'llmteam', 'interrupted at the terminal');
    if (this.isCancelWanted) this.interrupt();
  }

  private interrupt(): void {
    this.isCancelWanted = true;
    if (this.cancel === null || this.state === 'ended') return;
    const accepted = (): void => {
      if (this.state !== 'ended') this.state = 'cancelling';
    };
    this.cancel().then(accepted, (error: unknown) => {
      if (isLlmteamError(error) && error.code === 'RUN_ENDED') return;
      this.settings.streams.note(
        `error: the run could not be cancelled: ${error instanceof Error ? error.message : error}`,
      );
    });
  }

  private noteOwner(): void {
    const { logLevel, streams } = this.settings;
    if (this.display === null && logLevel !== 'debug') return;
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
