import type { Json, LiveMessage, RunEvent } from '@llmteam/contracts';

/** A message as sent over the wire, encoded once for all readers. */
export interface Frame {
  /** As a server-sent event: `id` (if it has one), `event` and `data`. */
  readonly sse: Buffer;
  /** Bytes of `sse` before the data. */
  readonly headBytes: number;
}

export interface EventFrame extends Frame {
  readonly seq: number;
}

export function frameOf(event: RunEvent): EventFrame {
  const head = `id: ${event.seq}\nevent: ${event.event_type}\ndata: `;
  return { seq: event.seq, sse: encoded(head, event), headBytes: head.length };
}

const liveHeads: Readonly<Record<LiveMessage['event_type'], string>> = {
  'llm.token': 'event: llm.token\ndata: ',
  'step.progress': 'event: step.progress\ndata: ',
};

/**
 * A piece of text a model is writing, or how far a step is. It has no seq and so no `id`: a reader that was disconnected has missed it.
 * null for a message that a later version of the worker tells.
 */
export function liveFrame(message: Json): Frame | null {
  const { event_type: type } = message as LiveMessage;
  if (!Object.hasOwn(liveHeads, type)) return null;
  const head = liveHeads[type];
  return { sse: encoded(head, message), headBytes: head.length };
}

const end = '\n\n';

/** The data alone, as JSON. */
export function dataOf({ sse, headBytes }: Frame): Buffer {
  return sse.subarray(headBytes, sse.length - end.length);
}

function encoded(head: string, value: unknown): Buffer {
  return Buffer.from(`${head}${JSON.stringify(value)}${end}`);
}
