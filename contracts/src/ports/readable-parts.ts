import type { Entry, UnreadableMessage } from './journal.js';

/**
 * The entries of a batch between the messages that cannot be read, in the order that law J10 of `Journal` asks for. A part is never empty,
 * which would mean something else to a follower.
 */
export function* readableParts(
  items: readonly (Entry | UnreadableMessage)[],
  unreadable: ((message: UnreadableMessage) => void) | undefined,
): Generator<readonly Entry[]> {
  let part: Entry[] = [];
  for (const item of items) {
    if ('fact' in item) {
      part.push(item);
      continue;
    }
    if (part.length > 0) yield part;
    part = [];
    unreadable?.(item);
  }
  if (part.length > 0) yield part;
}
