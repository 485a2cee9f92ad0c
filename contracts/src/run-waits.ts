/**
 * What a live run waits for, as lists know it. A key is a kind of `WaitingFor` except `resume`, or `paused`, or one with a detail:
 * `worker:<queue>` (a job that nobody has begun) and `running:<worker id>` (one that somebody has).
 */
export interface RunWaits {
  readonly tenant_id: string;
  readonly run_id: string;
  /** As in the row of the run; epoch milliseconds. */
  readonly started_at: number;
  /** Each once; empty if it is not known, or nothing. */
  readonly waits: readonly string[];
}

/** Runs that wait for something of a kind. */
export interface WaitMatch {
  /** The part of a key before its detail. `paused` matches by the status of the run. */
  readonly kind: string;
  /** Only for one of these keys. */
  readonly only?: readonly string[];
  /** For another key than these. */
  readonly except?: readonly string[];
}
