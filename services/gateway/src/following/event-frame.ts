import type { Json, RunEvent } from '@llmteam/contracts';

/** An event as it goes over the wire, made once for all readers. */
export interface EventFrame {
  readonly seq: number;
  /** `id`, `event` and `data` of server-sent events. */
  readonly sse: Buffer;
  /** The JSON within. */
  readonly json: Buffer;
}

export function frameOf(event: RunEvent): EventFrame {
  return { seq: event.seq, ...frameText(`id: ${event.seq}\nevent: ${event.event_type}\ndata: `, event) };
}

/** A piece of text a model is writing: no seq, so no `id`; who was away has missed it. */
export function tokenFrame(token: Json): Omit<EventFrame, 'seq'> {
  return frameText('event: llm.token\ndata: ', token);
}

function frameText(head: string, value: unknown): Omit<EventFrame, 'seq'> {
  const sse = Buffer.from(`${head}${JSON.stringify(value)}\n\n`);
  return { sse, json: sse.subarray(Buffer.byteLength(head), sse.length - 2) };
}
