import type { Position, RunKey } from '@llmteam/contracts';
import { run_mark } from './append-draft.js';
import type { Batch, BatchStore } from './batch-store.js';
import { parse_heads } from './batch-text.js';
import { type MessageWindow, remembered_messages } from './message-window.js';

/** Message ids are read back until there are as many as are remembered, or at least this many and this much text. */
const enough_messages = 10_000;
const enough_characters = 64 * 1024 * 1024;

interface TailBatch {
  readonly position: Position;
  readonly size: number;
  readonly characters: number;
  readonly heads: ReturnType<typeof parse_heads>;
}

/** Reads back which messages were the last and which runs the index does not know yet; answers where the journal ends. */
export function recall_tail(store: BatchStore, messages: MessageWindow): Position {
  let end = 0;
  for (const { position, size, characters, heads } of read_tail(store).reverse()) {
    const runs = new Map<string, RunKey>();
    for (const { run, message_ids, positions } of heads) {
      runs.set(run_mark(run), run);
      messages.positions(run_mark(run), message_ids, (index) => positions[index] ?? 0);
    }
    if (position > store.indexed) store.note(position, runs, characters);
    end = position + size - 1;
  }
  return end;
}

/** The last batches, the very last one first. */
function read_tail(store: BatchStore): TailBatch[] {
  const tail: TailBatch[] = [];
  const read = { messages: 0, characters: 0 };
  const is_enough = () =>
    read.messages >= remembered_messages || (read.messages >= enough_messages && read.characters >= enough_characters);
  let batch = store.last();
  while (batch !== undefined && (batch.position > store.indexed || !is_enough())) {
    const { position, size, body } = batch;
    tail.push({ position, size, characters: body.length, heads: parse_heads(position, body) });
    read.messages += size;
    read.characters += body.length;
    batch = before(store, position);
  }
  return tail;
}

function before(store: BatchStore, position: Position): Batch | undefined {
  return position > 1 ? store.holding(position - 1) : undefined;
}
