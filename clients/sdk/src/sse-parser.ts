import { createParser } from 'eventsource-parser';

export interface SseMessage {
  /** null if the message has none. */
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Parses server-sent events from chunks of text with arbitrary boundaries. */
export class SseParser {
  private messages: SseMessage[] = [];
  private endsWithCr = false;
  private readonly parser = createParser({
    onEvent: ({ id = null, event = 'message', data }) => this.messages.push({ id, event, data }),
  });

  /** Returns the messages completed by this chunk. */
  push(chunk: string): SseMessage[] {
    this.messages = [];
    this.parser.feed(this.withLineFeeds(chunk));
    return this.messages;
  }

  /** Normalizes line breaks to LF: the parser would hold back a message whose final CR ends a chunk until the next line break. */
  private withLineFeeds(chunk: string): string {
    if (chunk === '') return chunk;
    const text = this.endsWithCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk;
    this.endsWithCr = chunk.endsWith('\r');
    return text.replaceAll(/\r\n?/g, '\n');
  }
}
