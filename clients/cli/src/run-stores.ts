/** A uniform view of runs for commands, whether in a local store, in one owned by another process, or at a gateway. */
import type {
  LiveMessage,
  Page,
  ReasonName,
  RunEvent,
  RunExplanation,
  RunKey,
  RunQuery,
  RunRow,
  Segment,
} from '@llmteam/contracts';
import type { OwnedStore, RemoteStore } from '@llmteam/embedded';
import type { RunRemoval, RunService } from '@llmteam/kernel';

/** Operations on runs that every kind of store supports. */
export type Runs = Pick<
  RunService,
  | 'list'
  | 'show'
  | 'events'
  | 'steps'
  | 'step'
  | 'control'
  | 'signal'
  | 'fork'
  | 'tasks'
  | 'task'
  | 'claim'
  | 'unclaim'
  | 'answer'
> & {
  /** Live runs with one of these reasons; absent where the caller knows who works on them. */
  listWaiting?(query: RunQuery, reasons: readonly ReasonName[]): Promise<Page<ListedRow>>;
  /** The segment as far as the store knows it: enough to display the run, not to execute it. */
  definition(run: RunKey): Promise<{ readonly segment: Segment }>;
};

/** A row of a gateway, which says why the run is where it is. */
export interface ListedRow extends RunRow {
  readonly waiting_for?: readonly ReasonName[];
}

/** Removing runs, which every kind of store supports. */
export type Removal = Pick<RunRemoval, 'remove'>;

/** The runs at a gateway. The API key determines the tenant; the one in a {@link RunKey} is ignored. */
export interface GatewayStore {
  readonly kind: 'gateway';
  readonly runs: Runs & {
    /** Why a run is where it is. @throws LlmteamError `RUN_UNKNOWN` */
    explain(run: RunKey): Promise<RunExplanation>;
  };
  readonly removal: Removal;
  /** Yields every event from `fromSeq` on and what is live until the run ends. @throws LlmteamError */
  follow(run: RunKey, fromSeq: number, signal: AbortSignal): AsyncIterable<RunEvent | LiveMessage>;
  close(): Promise<void>;
}

export type RunStore = OwnedStore | RemoteStore | GatewayStore;

export type IsDriven = (run: Pick<RunRow, 'run_id' | 'started_at'>) => boolean;

export interface RunStores {
  /** Visits all stores sequentially. `isDriven`: whether a process works on this unfinished run of the store. */
  each<T>(look: (runs: Runs, isDriven: IsDriven) => Promise<T>): Promise<T[]>;
  /** The store that contains a run. @throws LlmteamError `RUN_UNKNOWN` */
  openStoreOf(run: RunKey): Promise<RunStore>;
}
