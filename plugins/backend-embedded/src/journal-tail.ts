import type { Position, RunKey } from '@llmteam/contracts';
import { runKeyText } from './append-draft.js';
import type { Batch } from './batch.js';
import type { BatchStore } from './batch-store.js';
import { namedIn, parseHeads } from './batch-text.js';
import { type MessageWindow, rememberedMessages } from './message-window.js';

/** Batches are read back until the deduplication window is full, or until this many messages and characters were read. */
const enoughMessages = 10_000;
const enoughCharacters = 64 * 1024 * 1024;

interface TailBatch {
  readonly position: Position;
  readonly size: number;
  readonly characters: number;
  readonly heads: ReturnType<typeof parseHeads>;
}

/** Restores the recent message ids and the runs that are not indexed yet; returns the end of the journal. */
export function recallTail(store: BatchStore, messages: MessageWindow): Position {
  let end = 0;
  for (const { position, size, characters, heads } of readTail(store).reverse()) {
    const runs = new Map<string, RunKey>();
    for (const { run, messageIds, positions } of heads) {
      runs.set(runKeyText(run), run);
      messages.positions(runKeyText(run), messageIds, (index) => positions[index] ?? 0);
    }
    if (position > store.indexed) store.note(position, runs, characters);
    end = position + size - 1;
  }
  return end;
}

/** The last batches, newest first. */
function readTail(store: BatchStore): TailBatch[] {
  const tail: TailBatch[] = [];
  const read = { messages: 0, characters: 0 };
  const isEnough = () =>
    read.messages >= rememberedMessages || (read.messages >= enoughMessages && read.characters >= enoughCharacters);
  let batch = store.last();
  while (batch !== undefined && (batch.position > store.indexed || !isEnough())) {
    const { position, size, body, damage } = batch;
    const heads = damage === undefined ? parseHeads(position, body) : unreadHeads(body);
    tail.push({ position, size, characters: body.length, heads });
    read.messages += size;
    read.characters += body.length;
    batch = before(store, position);
  }
  return tail;
}

/** The message ids of a damaged batch are not known. */
function unreadHeads(body: string): TailBatch['heads'] {
  return namedIn(body).map((run) => ({ run, messageIds: [], positions: [] }));
}

function before(store: BatchStore, position: Position): Batch | undefined {
  return position > 1 ? store.holding(position - 1) : undefined;
}
