import type { Json, RunEvent } from '@llmteam/contracts';

/** An event as sent over the wire, encoded once for all readers. */
export interface EventFrame {
  readonly seq: number;
  /** As a server-sent event: `id`, `event` and `data`. */
  readonly sse: Buffer;
  /** The `data` alone, as JSON. */
  readonly json: Buffer;
}

export function frameOf(event: RunEvent): EventFrame {
  return { seq: event.seq, ...frameText(`id: ${event.seq}\nevent: ${event.event_type}\ndata: `, event) };
}

/** A piece of text a model is writing. It has no seq and so no `id`: a reader that was disconnected has missed it. */
export function tokenFrame(token: Json): Omit<EventFrame, 'seq'> {
  return frameText('event: llm.token\ndata: ', token);
}

function frameText(head: string, value: unknown): Omit<EventFrame, 'seq'> {
  const sse = Buffer.from(`${head}${JSON.stringify(value)}\n\n`);
  return { sse, json: sse.subarray(Buffer.byteLength(head), sse.length - 2) };
}
