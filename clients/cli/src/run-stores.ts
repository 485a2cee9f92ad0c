/** Where runs are, for commands that do not care: in a store of this folder, in that of another process, or behind a gateway. */
import type { LiveToken, RunEvent, RunKey, Segment } from '@llmteam/contracts';
import type { OwnedStore, RemoteStore } from '@llmteam/embedded';
import type { RunService } from '@llmteam/kernel';

/** What may be asked of runs, wherever they are. */
export type Runs = Pick<
  RunService,
  'list' | 'show' | 'events' | 'control' | 'signal' | 'fork' | 'tasks' | 'task' | 'claim' | 'answer'
> & {
  /** The segment as far as it is known where the run is asked for: to show the run, not to run it. */
  definition(run: RunKey): Promise<{ readonly segment: Segment }>;
};

/** What is behind a gateway: of one tenant, whoever the tenant in a {@link RunKey} is. */
export interface GatewayStore {
  readonly kind: 'gateway';
  readonly runs: Runs;
  /** Every event from `fromSeq` on, and pieces of text as they are written, until the run ends. @throws LlmteamError */
  follow(run: RunKey, fromSeq: number, signal: AbortSignal): AsyncIterable<RunEvent | LiveToken>;
  close(): Promise<void>;
}

export type RunStore = OwnedStore | RemoteStore | GatewayStore;

export interface RunStores {
  /** Every store, one after the other. */
  each<T>(look: (runs: Runs) => Promise<T>): Promise<T[]>;
  /** The store a run lies in. @throws LlmteamError `RUN_UNKNOWN` */
  openStoreOf(run: RunKey): Promise<RunStore>;
}
