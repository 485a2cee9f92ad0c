import type { Logger } from '@llmteam/contracts';

const longestText = 8_192;
const guarded = new WeakSet<object>();

/**
 * From now on, what code of this process writes to stdout becomes lines of the log: stdout belongs to the results of a command. Whoever
 * prints those keeps the `write` it had before. Code that writes to the file descriptor itself is not held up.
 */
export function guardStdout(log: Logger): void {
  if (guarded.has(process.stdout.write)) return;
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const shown = text.trimEnd().slice(0, longestText);
    if (shown !== '') log.info({ stream: 'stdout' }, shown);
    const callback = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
    if (callback !== undefined) process.nextTick(callback);
    return true;
  };
  guarded.add(write);
  process.stdout.write = write as typeof process.stdout.write;
}
