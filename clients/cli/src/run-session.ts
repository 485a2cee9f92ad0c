/**
 * Purpose: one run as the command line accompanies it, from its beginning or later, to its end.
 * Owns: what is shown meanwhile, events on stdout, Ctrl-C. Does not own: the store; whoever opened it closes it.
 * Invariant: the run is never worse off for being accompanied. Whatever happens to this process, the run can be continued.
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

const aDayMs = 86_400_000;

/** What happened in the run before. */
export interface Past {
  readonly events: readonly RunEvent[];
  readonly usage: Usage;
}

export class RunSession {
  private readonly progress: RunProgress;
  private display: LiveDisplay | null = null;
  /** How to cancel the run; null: it has not begun, or has ended. */
  private cancel: (() => Promise<void>) | null = null;
  private state: 'beginning' | 'under way' | 'being cancelled' | 'ended' = 'beginning';
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
      () => this.leave(),
    );
    settings.streams.handleCrash(() => this.leave());
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

  /** Drives the run here. `begin` starts it, or takes it over. @throws LlmteamError when the runtime cannot go on */
  async drive(runtime: EmbeddedRuntime, begin: () => Promise<void>): Promise<RunResult> {
    const stopWatching = this.watch(runtime);
    // A run that waits for somebody may leave Node nothing to wait for.
    const stay = setInterval(() => undefined, aDayMs);
    try {
      await begin();
      this.underWay(runtime.runs);
      this.showOpenTasks(runtime.runs, [this.run.run_id, ...this.progress.children()]);
      const result = await runtime.result(this.run);
      this.state = 'ended';
      return result;
    } catch (error) {
      throw this.state === 'beginning' ? error : this.withAWayOn(error);
    } finally {
      stopWatching();
      clearInterval(stay);
      this.cancel = null;
    }
  }

  /** Follows a run that another process drives; null if it was the owner of a store and went away. */
  follow(store: GatewayStore): Promise<RunResult>;
  follow(store: RemoteStore | GatewayStore): Promise<RunResult | null>;
  async follow(store: RemoteStore | GatewayStore): Promise<RunResult | null> {
    const { runs } = store;
    const children = this.progress.children();
    this.underWay(runs);
    this.showOpenTasks(runs, [this.run.run_id, ...children]);
    if (store.kind === 'remote') this.tellWhoWorks();
    try {
      const inside = this.display === null ? null : children;
      await followRun(store, this.run, this.lastSeq + 1, this.watcher(runs), inside);
      this.state = 'ended';
      const result = resultFromView(await runs.show(this.run));
      this.progress.noteUsage(result.usage);
      return result;
    } catch (error) {
      if (store.kind === 'gateway') throw this.withAWayOn(error);
      if (isLlmteamError(error) && error.code === 'STORE_LOCKED') return null;
      throw error;
    } finally {
      this.cancel = null;
    }
  }

  /** Notes what happened while nobody was asked: the process that was followed is gone. */
  async catchUp(runs: Runs, usage: Usage): Promise<void> {
    this.noteEvents(await runs.events(this.run, this.lastSeq + 1), null, runs);
    this.progress.noteUsage(usage);
  }

  /** Ends what is shown; its last state stays. Ctrl-C goes on to be heard: closing the store takes its time. */
  close(): void {
    this.display?.close();
  }

  private watch(runtime: EmbeddedRuntime): () => void {
    return watchRun(runtime, this.run, this.watcher(runtime.runs), this.progress.children());
  }

  private watcher(runs: Runs): Watcher {
    return {
      events: (events, usage) => this.noteEvents(events, usage, runs),
      eventsInside: (events) => {
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

  /** Those that were opened before this session. */
  private showOpenTasks(runs: Runs, runIds: readonly string[]): void {
    for (const runId of runIds) {
      this.show(async () => {
        const { rows } = await runs.tasks({ tenant_id: this.run.tenant_id, run_id: runId });
        for (const task of rows) if (task.status !== 'closed') this.progress.tasks.set(task.task_id, task);
      });
    }
  }

  /** What is only looked at may fail. */
  private show(look: () => Promise<void>): void {
    if (this.display !== null) look().catch(() => undefined);
  }

  private underWay(runs: Runs): void {
    if (this.state === 'beginning') this.state = 'under way';
    this.cancel = () => runs.control(this.run, 'cancel', 'llmteam', 'interrupted at the terminal');
    if (this.isCancelWanted) this.interrupt();
  }

  private interrupt(): void {
    this.isCancelWanted = true;
    if (this.cancel === null || this.state === 'ended') return;
    const kept = (): void => {
      if (this.state !== 'ended') this.state = 'being cancelled';
    };
    this.cancel().then(kept, (error: unknown) => {
      if (isLlmteamError(error) && error.code === 'RUN_ENDED') return;
      this.settings.streams.note(
        `error: the run could not be cancelled: ${error instanceof Error ? error.message : error}`,
      );
    });
  }

  private tellWhoWorks(): void {
    const { logLevel, streams } = this.settings;
    if (this.display === null && logLevel !== 'debug') return;
    streams.note(
      `Another process has the store of run ${this.run.run_id}: following it there, going on here when it ends.`,
    );
  }

  private leave(): void {
    this.close();
    this.settings.streams.note(this.wayOn());
  }

  private wayOn(): string {
    const { run_id } = this.run;
    const command = resumeCommand(this.settings, this.run);
    if (this.state === 'ended') return `run ${run_id} has ended; its result is told by: ${command}`;
    if (this.state === 'being cancelled') return `run ${run_id} is being cancelled; its end is told by: ${command}`;
    return `run ${run_id} can be continued with: ${command}`;
  }

  /** The runtime cannot go on, the run can. */
  private withAWayOn(error: unknown): unknown {
    if (!isLlmteamError(error)) return error;
    return new LlmteamError(error.code, `${error.message}\n${this.wayOn()}`, { cause: error });
  }
}

/** Events on the same terminal would tear it apart. */
function isDisplayWanted({ quiet, streams, environment }: Settings, { json }: ResultOptions): boolean {
  if (quiet || !streams.stderrIsTerminal || !environment.canRedraw) return false;
  return !(json === true && streams.stdoutIsTerminal);
}
