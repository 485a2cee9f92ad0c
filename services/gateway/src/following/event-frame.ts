import type { Json, RunEvent } from '@llmteam/contracts';

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

const tokenHead = 'event: llm.token\ndata: ';

/** A piece of text a model is writing. It has no seq and so no `id`: a reader that was disconnected has missed it. */
export function tokenFrame(token: Json): Frame {
  return { sse: encoded(tokenHead, token), headBytes: tokenHead.length };
}

const end = '\n\n';

/** The data alone, as JSON. */
export function dataOf({ sse, headBytes }: Frame): Buffer {
  return sse.subarray(headBytes, sse.length - end.length);
}

function encoded(head: string, value: unknown): Buffer {
  return Buffer.from(`${head}${JSON.stringify(value)}${end}`);
}
