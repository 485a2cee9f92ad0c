import type { Position } from '@llmteam/contracts';

/**
 * One append is one stream message, so it is stored completely or not at all on every server. The `n` entries of the message with
 * sequence `s` have positions `s·65536 - n + 1` … `s·65536`, so the last entry of every message is at a multiple of 65536.
 */
const perMessage = 65_536;

/** The maximum number of entries per append. */
export const maxEntries = perMessage;

export function positionOf(sequence: number, index: number, count: number): Position {
  return sequence * perMessage - (count - 1 - index);
}

/** The position of the last entry of a message. */
export function endPosition(sequence: number): Position {
  return sequence * perMessage;
}

/** The sequence of the first message that may contain entries after the position. */
export function sequenceAfter(position: Position): number {
  return Math.floor(position / perMessage) + 1;
}
