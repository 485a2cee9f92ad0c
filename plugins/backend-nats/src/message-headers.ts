import { MsgHdrsImpl } from '@nats-io/transport-node';

/** Values by header name, spelled as the server expects. */
export type HeaderTable = Readonly<Record<string, string>>;

/**
 * Headers without the copying and validation of the client's `headers()`, which cost more than the message itself. Values must
 * therefore contain no line breaks; values derived from user input are made printable first (`dedupeId`).
 */
export class MessageHeaders extends MsgHdrsImpl {
  constructor(table: HeaderTable) {
    super();
    for (const name in table) this.headers.set(name, [table[name] ?? '']);
  }

  override encode(): Uint8Array {
    return Buffer.from(this.toString());
  }
}
