import { exitCodes } from './exit-codes.js';

/** Ctrl-C and SIGTERM, to the end of the process. The first asks for a clean end, the second leaves at once. */
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
