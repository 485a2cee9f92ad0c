import type { Position } from '@llmteam/contracts';

/**
 * One append is one message of the stream, so it is written whole or not at all on every server. A message of sequence `s` with `n`
 * entries gives them the positions `s·65536 - n + 1` … `s·65536`: the last entry of every message is at a round number.
 */
const per_message = 65_536;

/** The most entries one append may have. */
export const most_entries = per_message;

export function position_of(sequence: number, index: number, count: number): Position {
  return sequence * per_message - (count - 1 - index);
}

/** The position of the last entry of a message. */
export function end_position(sequence: number): Position {
  return sequence * per_message;
}

/** The first message that may hold entries after the position. */
export function sequence_after(position: Position): number {
  return Math.floor(position / per_message) + 1;
}
