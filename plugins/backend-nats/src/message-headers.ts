import { MsgHdrsImpl } from '@nats-io/transport-node';

/** By name, as the server spells it. */
export type HeaderTable = Readonly<Record<string, string>>;

/**
 * Headers the client neither copies nor checks: `headers()` does both for every name, which costs more than the message. So no value may
 * hold a line break; those that come of users' texts are made printable first (`dedupeId`).
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
