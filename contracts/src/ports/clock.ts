/** Time, so that tests can hold it. */
export interface Clock {
  /** Epoch milliseconds. Never goes back within a process. */
  now(): number;
  /** Calls back once, `delayMs` from now or a little later, never earlier. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
