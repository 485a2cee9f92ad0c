import type { Position } from '@llmteam/contracts';

/** At least so many of the last message ids of a partition are known, and about twice as many at most. */
export const rememberedMessages = 20_000;

type RunMessages = Map<string, Position>;

/**
 * Which message ids were the last, and where they are: by run (its mark) and id. Two generations, so that forgetting costs
 * nothing per message.
 */
export class MessageWindow {
  #young = new Map<string, RunMessages>();
  #old = new Map<string, RunMessages>();
  /** Messages in #young. */
  #size = 0;

  /** Where the messages of a run are that are known; for the rest `place` answers where they will be, which is noted. */
  positions(mark: string, messageIds: readonly string[], place: (index: number) => Position): Position[] {
    this.#growOld();
    let young = this.#young.get(mark);
    const old = this.#old.get(mark);
    return messageIds.map((messageId, index) => {
      const known = young?.get(messageId) ?? old?.get(messageId);
      if (known !== undefined) return known;
      const position = place(index);
      young ??= this.#addRun(mark);
      young.set(messageId, position);
      this.#size += 1;
      return position;
    });
  }

  /** Forgets those of a run's messages that were noted beyond a position: they were not written after all. */
  forget(mark: string, messageIds: readonly string[], beyond: Position): void {
    this.#size -= forgetIn(this.#young, mark, messageIds, beyond);
    forgetIn(this.#old, mark, messageIds, beyond);
  }

  #growOld(): void {
    if (this.#size < rememberedMessages) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  #addRun(mark: string): RunMessages {
    const messages: RunMessages = new Map();
    this.#young.set(mark, messages);
    return messages;
  }
}

/** Answers how many it forgot. */
function forgetIn(
  runs: Map<string, RunMessages>,
  mark: string,
  messageIds: readonly string[],
  beyond: Position,
): number {
  const messages = runs.get(mark);
  if (messages === undefined) return 0;
  const before = messages.size;
  for (const messageId of messageIds) {
    if ((messages.get(messageId) ?? 0) > beyond) messages.delete(messageId);
  }
  if (messages.size === 0) runs.delete(mark);
  return before - messages.size;
}
