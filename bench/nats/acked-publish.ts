import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';

/** Publishes into streams and resolves with the server's ack. One wildcard reply subject makes it cheaper than the client library's request. */
export function ackedPublish(
  connection: NatsConnection,
): (subject: string, body: Uint8Array, headers?: MsgHdrs) => Promise<Msg> {
  const inbox = createInbox();
  const waiting = new Map<string, (answer: Msg) => void>();
  const counter = { sent: 0 };
  connection.subscribe(`${inbox}.*`, {
    callback: (_, msg) => {
      const id = msg.subject.slice(inbox.length + 1);
      waiting.get(id)?.(msg);
      waiting.delete(id);
    },
  });
  return (subject, body, headers) =>
    new Promise((resolve) => {
      const id = (counter.sent++).toString(36);
      waiting.set(id, resolve);
      const reply = `${inbox}.${id}`;
      connection.publish(subject, body, headers === undefined ? { reply } : { reply, headers });
    });
}
