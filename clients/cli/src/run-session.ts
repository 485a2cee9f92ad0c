/**
 * Purpose: one run as the command line accompanies it, from its beginning or later, to its end.
 * Owns: what is shown meanwhile, events on stdout, Ctrl-C. Does not own: the store; whoever opened it closes it.
 * Invariant: the run is never worse off for being accompanied. Whatever happens to this process, the run can be continued.
 */
import {
  is_llmteam_error,
  LlmteamError,
  type RunEvent,
  type RunKey,
  type RunResult,
  type Segment,
  type Usage,
} from '@llmteam/contracts';
import type { EmbeddedRuntime, RemoteHome } from '@llmteam/embedded';
import { result_from_view } from '@llmteam/kernel';
import type { LiveDisplay } from './display/live-display.js';
import { RunProgress } from './display/progress.js';
import { on_interrupt } from './interrupts.js';
import { resume_command } from './own-commands.js';
import { print_events, type ResultOptions } from './result-output.js';
import { follow_run } from './run-following.js';
import type { GatewayStore, Runs } from './run-stores.js';
import { type Watcher, watch_run } from './run-watching.js';
import type { Settings } from './settings.js';

const a_day_ms = 86_400_000;

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
  private is_cancel_wanted = false;
  private last_seq = 0;

  private constructor(
    private readonly settings: Settings,
    private readonly run: RunKey,
    segment: Segment,
    private readonly options: ResultOptions,
  ) {
    this.progress = new RunProgress(run, segment);
    on_interrupt(
      () => this.interrupt(),
      () => this.leave(),
    );
    settings.streams.on_crash = () => this.leave();
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
    session.progress.usage = past.usage;
    session.last_seq = past.events.length;
    if (is_display_wanted(settings, options)) {
      const { LiveDisplay } = await import('./display/live-display.js');
      session.display = new LiveDisplay(session.progress, settings);
    }
    return session;
  }

  /** Drives the run here. `begin` starts it, or takes it over. @throws LlmteamError when the runtime cannot go on */
  async drive(runtime: EmbeddedRuntime, begin: () => Promise<void>): Promise<RunResult> {
    const stop_watching = this.watch(runtime);
    // A run that waits for somebody may leave Node nothing to wait for.
    const stay = setInterval(() => undefined, a_day_ms);
    try {
      await begin();
      this.under_way(runtime.runs);
      this.show_open_tasks(runtime.runs, [this.run.run_id, ...this.progress.children()]);
      const result = await runtime.result(this.run);
      this.state = 'ended';
      return result;
    } catch (error) {
      throw this.state === 'beginning' ? error : this.with_a_way_on(error);
    } finally {
      stop_watching();
      clearInterval(stay);
      this.cancel = null;
    }
  }

  /** Follows a run that another process drives; null if it was the owner of a store and went away. */
  follow(store: GatewayStore): Promise<RunResult>;
  follow(store: RemoteHome | GatewayStore): Promise<RunResult | null>;
  async follow(store: RemoteHome | GatewayStore): Promise<RunResult | null> {
    const { runs } = store;
    const children = this.progress.children();
    this.under_way(runs);
    this.show_open_tasks(runs, [this.run.run_id, ...children]);
    if (store.kind === 'remote') this.tell_who_works();
    try {
      const inside = this.display === null ? null : children;
      await follow_run(store, this.run, this.last_seq + 1, this.watcher(runs), inside);
      this.state = 'ended';
      const result = result_from_view(await runs.show(this.run));
      this.progress.usage = result.usage;
      return result;
    } catch (error) {
      if (store.kind === 'gateway') throw this.with_a_way_on(error);
      if (is_llmteam_error(error) && error.code === 'STORE_LOCKED') return null;
      throw error;
    } finally {
      this.cancel = null;
    }
  }

  /** Notes what happened while nobody was asked: the process that was followed is gone. */
  async catch_up(runs: Runs, usage: Usage): Promise<void> {
    this.note_events(await runs.events(this.run, this.last_seq + 1), null, runs);
    this.progress.usage = usage;
  }

  /** Ends what is shown; its last state stays. Ctrl-C goes on to be heard: closing the store takes its time. */
  close(): void {
    this.display?.close();
  }

  private watch(runtime: EmbeddedRuntime): () => void {
    return watch_run(runtime, this.run, this.watcher(runtime.runs), this.progress.children());
  }

  private watcher(runs: Runs): Watcher {
    return {
      events: (events, usage) => this.note_events(events, usage, runs),
      events_inside: (events) => {
        this.progress.apply(events, null);
        this.show_tasks(events, runs);
      },
      token: (step_id, text) => this.progress.write(step_id, text),
    };
  }

  private note_events(events: readonly RunEvent[], usage: Usage | null, runs: Runs): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.last_seq = last.seq;
    if (this.options.json === true) print_events(events, this.settings);
    if (this.display === null) return;
    this.progress.apply(events, usage);
    this.show_tasks(events, runs);
  }

  private show_tasks(events: readonly RunEvent[], runs: Runs): void {
    for (const { event_type, payload } of events) {
      if (event_type !== 'human.task_created') continue;
      const task_id = String(payload.task_id);
      this.show(async () => {
        const task = await runs.task(this.run.tenant_id, task_id);
        if (task.status !== 'closed') this.progress.tasks.set(task_id, task);
      });
    }
  }

  /** Those that were opened before this session. */
  private show_open_tasks(runs: Runs, run_ids: readonly string[]): void {
    for (const run_id of run_ids) {
      this.show(async () => {
        const { rows } = await runs.tasks({ tenant_id: this.run.tenant_id, run_id });
        for (const task of rows) if (task.status !== 'closed') this.progress.tasks.set(task.task_id, task);
      });
    }
  }

  /** What is only looked at may fail. */
  private show(look: () => Promise<void>): void {
    if (this.display !== null) look().catch(() => undefined);
  }

  private under_way(runs: Runs): void {
    if (this.state === 'beginning') this.state = 'under way';
    this.cancel = () => runs.control(this.run, 'cancel', 'llmteam', 'interrupted at the terminal');
    if (this.is_cancel_wanted) this.interrupt();
  }

  private interrupt(): void {
    this.is_cancel_wanted = true;
    if (this.cancel === null || this.state === 'ended') return;
    const kept = (): void => {
      if (this.state !== 'ended') this.state = 'being cancelled';
    };
    this.cancel().then(kept, (error: unknown) => {
      if (is_llmteam_error(error) && error.code === 'RUN_ENDED') return;
      this.settings.streams.note(
        `error: the run could not be cancelled: ${error instanceof Error ? error.message : error}`,
      );
    });
  }

  private tell_who_works(): void {
    const { log_level, streams } = this.settings;
    if (this.display === null && log_level !== 'debug') return;
    streams.note(
      `Another process has the store of run ${this.run.run_id}: following it there, going on here when it ends.`,
    );
  }

  private leave(): void {
    this.close();
    this.settings.streams.note(this.way_on());
  }

  private way_on(): string {
    const { run_id } = this.run;
    const command = resume_command(this.settings, this.run);
    if (this.state === 'ended') return `run ${run_id} has ended; its result is told by: ${command}`;
    if (this.state === 'being cancelled') return `run ${run_id} is being cancelled; its end is told by: ${command}`;
    return `run ${run_id} can be continued with: ${command}`;
  }

  /** The runtime cannot go on, the run can. */
  private with_a_way_on(error: unknown): unknown {
    if (!is_llmteam_error(error)) return error;
    return new LlmteamError(error.code, `${error.message}\n${this.way_on()}`, { cause: error });
  }
}

/** Events on the same terminal would tear it apart. */
function is_display_wanted({ quiet, streams, environment }: Settings, { json }: ResultOptions): boolean {
  if (quiet || !streams.stderr_is_terminal || !environment.can_redraw) return false;
  return !(json === true && streams.stdout_is_terminal);
}
