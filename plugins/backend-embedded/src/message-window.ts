import type { Position } from '@llmteam/contracts';

/** At least so many of the last message ids of a partition are known, and about twice as many at most. */
export const remembered_messages = 20_000;

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
  positions(mark: string, message_ids: readonly string[], place: (index: number) => Position): Position[] {
    this.#grow_old();
    let young = this.#young.get(mark);
    const old = this.#old.get(mark);
    return message_ids.map((message_id, index) => {
      const known = young?.get(message_id) ?? old?.get(message_id);
      if (known !== undefined) return known;
      const position = place(index);
      young ??= this.#add_run(mark);
      young.set(message_id, position);
      this.#size += 1;
      return position;
    });
  }

  /** Forgets those of a run's messages that were noted beyond a position: they were not written after all. */
  forget(mark: string, message_ids: readonly string[], beyond: Position): void {
    this.#size -= forget_in(this.#young, mark, message_ids, beyond);
    forget_in(this.#old, mark, message_ids, beyond);
  }

  #grow_old(): void {
    if (this.#size < remembered_messages) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  #add_run(mark: string): RunMessages {
    const messages: RunMessages = new Map();
    this.#young.set(mark, messages);
    return messages;
  }
}

/** Answers how many it forgot. */
function forget_in(
  runs: Map<string, RunMessages>,
  mark: string,
  message_ids: readonly string[],
  beyond: Position,
): number {
  const messages = runs.get(mark);
  if (messages === undefined) return 0;
  const before = messages.size;
  for (const message_id of message_ids) {
    if ((messages.get(message_id) ?? 0) > beyond) messages.delete(message_id);
  }
  if (messages.size === 0) runs.delete(mark);
  return before - messages.size;
}
