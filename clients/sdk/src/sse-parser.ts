export interface SseMessage {
  /** null: the message has none. */
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** Server-sent events from pieces of text as they arrive, cut anywhere. */
export class SseParser {
  private rest = '';
  private id: string | null = null;
  private event = '';
  private data: string[] = [];

  /** The messages that are complete with this piece. */
  push(piece: string): SseMessage[] {
    const text = this.rest + piece;
    const messages: SseMessage[] = [];
    let start = 0;
    for (let end = lineEnd(text, start); end !== null; end = lineEnd(text, start)) {
      const message = this.line(text.slice(start, end.at));
      if (message !== null) messages.push(message);
      start = end.next;
    }
    this.rest = text.slice(start);
    return messages;
  }

  private line(line: string): SseMessage | null {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }

  private dispatch(): SseMessage | null {
    const { id, event, data } = this;
    this.id = null;
    this.event = '';
    this.data = [];
    return data.length === 0 ? null : { id, event: event === '' ? 'message' : event, data: data.join('\n') };
  }
}

/** Lines end with LF, CR or both; a CR that is the last so far may be followed by an LF. */
function lineEnd(text: string, from: number): { at: number; next: number } | null {
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') return { at, next: at + 1 };
    if (char !== '\r') continue;
    if (at + 1 === text.length) return null;
    return { at, next: text[at + 1] === '\n' ? at + 2 : at + 1 };
  }
  return null;
}
