import type { JsonObject } from '../json.js';
import type { Backend } from '../ports/backend.js';
import type { Clock } from '../ports/clock.js';
import type { RunIndex } from '../ports/run-index.js';
import type { Logger } from './step-context.js';

/** What a backend gets from the process that opens it. */
export interface BackendContext {
  /** Which process this is, for what a server shows of its clients. Unique to this start of the process. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Relative paths in the settings begin here. Absolute. */
  readonly folder: string;
  /**
   * The lists of runs and tasks that this process keeps itself; in a process that keeps none, every call rejects. A backend returns it as
   * its `index`, unless it is a store of one process that keeps its own.
   */
  readonly index: RunIndex;
  /** How long `open` retries to reach a server that does not answer; 0 for one attempt. */
  readonly patienceMs: number;
  /** Call it when queued jobs may have been lost, with a server for example: those still outstanding are published again. */
  onJobsLost(): void;
}

/** One thing found by `inspect`. A warning works, but with limits that may surprise; a problem does not work. */
export interface BackendFinding {
  /** What was looked at: `server`, `streams`. */
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'problem';
  readonly message: string;
}

/** What `llmteam doctor` tells about a backend. */
export interface BackendInspection {
  readonly findings: readonly BackendFinding[];
  /** Whether everything is there that `open` would otherwise create. */
  readonly isInstalled: boolean;
  /** The clock of the server minus that of this process; null if unknown. */
  readonly clockOffsetMs: number | null;
}

/** A file with the lists of one process, rebuilt from the journal at any time. */
export interface RunIndexFileOptions {
  /** Absolute. Created if absent; owned by this process until the index is closed. */
  readonly file: string;
  /** The installation whose runs are listed; a file of another installation is not reused. */
  readonly installation: string;
  /** Lists that have not been updated for longer are rebuilt. */
  readonly longestAwayMs: number;
}

export interface RunIndexFile {
  readonly index: RunIndex;
  /** Why the existing file was set aside; null if it was reused or there was none. */
  readonly setAside: string | null;
}

/**
 * A kind of backend: the ports on one storage technology. Laws:
 *
 * - P1 `open` gets settings that match `configSchema`, with defaults filled in and `env:` references resolved. It rejects with
 *   `BACKEND_UNREACHABLE` if its server does not answer within the patience, `BACKEND_UNSUITABLE` if what answers cannot be used,
 *   `STORE_LOCKED` if the store is for one process and another has it open. Then it leaves nothing open.
 * - P2 `inspect` creates and changes nothing. It rejects as `open` does if it cannot look at all.
 */
export interface BackendType {
  /** JSON Schema of the settings. Strings that hold secrets are marked `writeOnly: true`. */
  readonly configSchema: JsonObject;
  open(settings: JsonObject, context: BackendContext): Promise<Backend>;
  /** Without it, `llmteam doctor` does not look at the backend. */
  inspect?(settings: JsonObject, context: Pick<BackendContext, 'log' | 'folder'>): Promise<BackendInspection>;
  /**
   * Opens lists in a file of their own. Only the built-in local store has it, for gateways on any backend.
   * @throws LlmteamError `STORE_LOCKED` if another process has the file open, `STORE_CORRUPT` if it belongs to another program,
   * `FILE_UNREADABLE`, `STORE_FULL`, `STORE_FAILED`
   */
  openIndex?(options: RunIndexFileOptions): Promise<RunIndexFile>;
}
