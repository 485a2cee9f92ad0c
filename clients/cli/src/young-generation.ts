/**
 * Purpose: keeps V8's young generation at its first size while a server starts.
 * A start loads code, and all of it survives. V8 takes survivors for a reason to double the young generation, and an idle server would keep
 * 16 MB of it for nothing. V8 reads the factor each time it considers growing, so it can be set at any time.
 */
import { setFlagsFromString } from 'node:v8';

/** Until {@link releaseYoungGeneration}. What is loaded before is not affected. */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** V8's default again: the young generation grows with the load. */
export function releaseYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}
