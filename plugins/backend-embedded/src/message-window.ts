import type { Position } from '@llmteam/contracts';

/** At least this many recent message ids of a partition are remembered, and at most about twice as many. */
export const rememberedMessages = 20_000;

type RunMessages = Map<string, Position>;

/**
 * The deduplication window: recent message ids and their positions, by run key and id. Two generations make eviction free of
 * per-message cost.
 */
export class MessageWindow {
  #young = new Map<string, RunMessages>();
  #old = new Map<string, RunMessages>();
  /** Messages in #young. */
  #size = 0;

  /** Returns the positions of a run's messages; unknown ones get theirs from `place` and are remembered. */
  positions(runKey: string, messageIds: readonly string[], place: (index: number) => Position): Position[] {
    this.#rotate();
    let young = this.#young.get(runKey);
    const old = this.#old.get(runKey);
    return messageIds.map((messageId, index) => {
      const known = young?.get(messageId) ?? old?.get(messageId);
      if (known !== undefined) return known;
      const position = place(index);
      young ??= this.#addRun(runKey);
      young.set(messageId, position);
      this.#size += 1;
      return position;
    });
  }

  /** Forgets those of the messages that were recorded after a position, because they were not written after all. */
  forget(runKey: string, messageIds: readonly string[], beyond: Position): void {
    this.#size -= forgetIn(this.#young, runKey, messageIds, beyond);
    forgetIn(this.#old, runKey, messageIds, beyond);
  }

  /** Forgets a run's messages before a position: they were removed. */
  forgetRun(runKey: string, before: Position): void {
    for (const runs of [this.#young, this.#old]) {
      const messages = runs.get(runKey) ?? new Map<string, Position>();
      for (const [messageId, position] of messages) {
        if (position >= before) continue;
        messages.delete(messageId);
        if (runs === this.#young) this.#size -= 1;
      }
      if (messages.size === 0) runs.delete(runKey);
    }
  }

  #rotate(): void {
    if (this.#size < rememberedMessages) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  #addRun(runKey: string): RunMessages {
    const messages: RunMessages = new Map();
    this.#young.set(runKey, messages);
    return messages;
  }
}

/** Returns how many it forgot. */
function forgetIn(
  runs: Map<string, RunMessages>,
  runKey: string,
  messageIds: readonly string[],
  beyond: Position,
): number {
  const messages = runs.get(runKey);
  if (messages === undefined) return 0;
  const before = messages.size;
  for (const messageId of messageIds) {
    if ((messages.get(messageId) ?? 0) > beyond) messages.delete(messageId);
  }
  if (messages.size === 0) runs.delete(runKey);
  return before - messages.size;
}
