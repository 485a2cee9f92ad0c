import type { Position } from '@llmteam/contracts';

/**
 * One append is one message of the stream, so it is written whole or not at all on every server. A message of sequence `s` with `n`
 * entries gives them the positions `s·65536 - n + 1` … `s·65536`: the last entry of every message is at a round number.
 */
const perMessage = 65_536;

/** The most entries one append may have. */
export const mostEntries = perMessage;

export function positionOf(sequence: number, index: number, count: number): Position {
  return sequence * perMessage - (count - 1 - index);
}

/** The position of the last entry of a message. */
export function endPosition(sequence: number): Position {
  return sequence * perMessage;
}

/** The first message that may hold entries after the position. */
export function sequenceAfter(position: Position): number {
  return Math.floor(position / perMessage) + 1;
}
