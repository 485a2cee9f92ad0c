/**
 * Purpose: continues an existing run to its end, wherever its store is.
 * Owns: choosing between driving the run here and following the process that drives it, and taking over when that process exits.
 */
import { isLlmteamError, type RunKey, type RunResult, type RunView, type Usage } from '@llmteam/contracts';
import { resultFromView } from '@llmteam/kernel';
import { type ExitCode, exitCodeOf } from './exit-codes.js';
import { printNote } from './notes.js';
import { forkCommand } from './own-commands.js';
import { printResult, type ResultOptions } from './result-output.js';
import { type Past, RunSession } from './run-session.js';
import type { RunStore, RunStores } from './run-stores.js';
import type { Settings } from './settings.js';

export interface ContinueOptions extends ResultOptions {
  /** The run was started by this command, so none of its events have been shown. */
  readonly isNew?: boolean;
  /** A person wants it to go on, and is told if it has ended. */
  readonly isResumed?: boolean;
}

/** Also prints the result of a run that has already ended. @throws LlmteamError `RUN_UNKNOWN`, or why the run cannot be continued */
export async function continueRun(
  settings: Settings,
  stores: RunStores,
  run: RunKey,
  options: ContinueOptions,
): Promise<ExitCode> {
  const continuation = new Continuation(settings, run, options);
  try {
    for (;;) {
      const result = await continuation.continueIn(await stores.openStoreOf(run));
      if (result !== null) return exitCodeOf(result.status);
    }
  } finally {
    continuation.close();
  }
}

class Continuation {
  private session: RunSession | null = null;
  /** Only a pause from before this command is lifted, not a later one. */
  private mayUnpause = true;

  constructor(
    private readonly settings: Settings,
    private readonly run: RunKey,
    private readonly options: ContinueOptions,
  ) {}

  /** Continues in this store and closes it. Resolves to null if the process that owns the store exits. */
  async continueIn(store: RunStore): Promise<RunResult | null> {
    try {
      const result = await this.resultIn(store);
      if (result === null) return null;
      this.close();
      printResult(result, this.options, this.settings);
      return result;
    } catch (error) {
      if (store.kind === 'remote' && isLlmteamError(error) && error.code === 'STORE_LOCKED') return null;
      throw error;
    } finally {
      await store.close();
    }
  }

  close(): void {
    this.session?.close();
  }

  private async resultIn(store: RunStore): Promise<RunResult | null> {
    const view = await store.runs.show(this.run);
    await this.session?.catchUp(store.runs, view.usage);
    if (view.completed_at !== null && !(this.options.isNew === true && this.session === null)) {
      if (this.session === null && this.options.isResumed === true) noteEnd(this.settings, view);
      return resultFromView(view);
    }
    this.session ??= await this.openSession(store, view);
    if (store.kind !== 'owned') {
      await this.unpause(store, view);
      return this.session.follow(store);
    }
    const { runtime } = store;
    return this.session.drive(runtime, async () => {
      await runtime.drive([this.run]);
      await this.unpause(store, view);
    });
  }

  private async openSession(store: RunStore, { usage }: RunView): Promise<RunSession> {
    const { segment } = await store.runs.definition(this.run);
    const past = this.options.isNew === true ? [] : await this.pastIn(store, usage);
    return RunSession.open(this.settings, this.run, segment, this.options, past);
  }

  /** Only the journal says which step used how many tokens. */
  private async pastIn(store: RunStore, usage: Usage): Promise<Past[]> {
    if (store.kind !== 'owned')
      return [
        { events: await store.runs.events(this.run), usage: null },
        { events: [], usage },
      ];
    const past: Past[] = [];
    for await (const entry of store.runtime.past(this.run)) past.push(entry);
    return past;
  }

  private async unpause({ runs }: RunStore, { status }: RunView): Promise<void> {
    if (this.mayUnpause && status === 'paused') await runs.control(this.run, 'resume', 'llmteam');
    this.mayUnpause = false;
  }
}

/** Resuming an ended run changes nothing: says so, and what would run it again. */
function noteEnd(settings: Settings, { tenant_id, run_id, status }: RunView): void {
  const ended = status === 'timeout' ? 'timed out' : status;
  const result = `Run ${run_id} has ended already (${ended}) and cannot be resumed; its result follows.`;
  const fork = forkCommand(settings, { tenant_id, run_id });
  printNote(settings, status === 'completed' ? result : `${result} To run it again from a step: ${fork}`);
}
