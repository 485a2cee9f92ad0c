import { exitCodes } from './exit-codes.js';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface Interrupts {
  /** Counts a Ctrl-C that was read as a key, because a question was open. */
  receive(signal: StopSignal): void;
  /** The next signal is the first again. */
  rearm(): void;
}

/** Handles SIGINT and SIGTERM until the process exits: the first requests a clean stop, the second exits immediately. */
export function onInterrupt(first: (signal: StopSignal) => void, second: () => void): Interrupts {
  const seen = { signals: 0 };
  const receive = (signal: StopSignal): void => {
    seen.signals++;
    if (seen.signals === 1) {
      first(signal);
      return;
    }
    second();
    process.exit(exitCodes.interrupted);
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
  const rearm = (): void => {
    seen.signals = 0;
  };
  return { receive, rearm };
}
