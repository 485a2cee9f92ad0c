/** The source of time, so that tests can control it. */
export interface Clock {
  /** Epoch milliseconds. Never decreases within a process. */
  now(): number;
  /** Calls `callback` once, `delayMs` from now or slightly later, never earlier. */
  after(delayMs: number, callback: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}
