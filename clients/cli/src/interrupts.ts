import { exitCodes } from './exit-codes.js';

/** Handles SIGINT and SIGTERM until the process exits: the first requests a clean stop, the second exits immediately. */
export function onInterrupt(first: () => void, second: () => void): void {
  const seen = { signals: 0 };
  const receive = (): void => {
    seen.signals++;
    if (seen.signals === 1) {
      first();
      return;
    }
    second();
    process.exit(exitCodes.interrupted);
  };
  process.on('SIGINT', receive);
  process.on('SIGTERM', receive);
}
