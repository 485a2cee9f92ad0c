/** The content of the journal's streams, read with a plain NATS client and not through the backend, as an independent witness. */
import type { Fact } from '@llmteam/contracts';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

export interface Kept {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly message_id: string;
  readonly fact: Fact;
  readonly partition: number;
  readonly sequence: number;
  /** When the server stored it, epoch milliseconds. */
  readonly keptAt: number;
}

export async function readJournal(url: string, namespace: string, partitions: number): Promise<Kept[]> {
  const connection = await connect({ servers: url });
  try {
    const kept: Kept[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      for await (const entry of entriesOf(jetstream(connection), namespace, partition)) kept.push(entry);
    }
    return kept;
  } finally {
    await connection.close();
  }
}

async function* entriesOf(
  js: ReturnType<typeof jetstream>,
  namespace: string,
  partition: number,
): AsyncGenerator<Kept> {
  const stream = `${namespace.toUpperCase()}_JOURNAL_${partition}`;
  const consumer = await js.consumers.get(stream, { deliver_policy: DeliverPolicy.All });
  let left = (await consumer.info()).num_pending;
  if (left === 0) return;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const [, , , tenantId = '', runId = ''] = message.subject.split('.').map(decodeURIComponent);
    const keptAt = message.info.timestampNanos / 1e6;
    for (const { message_id, fact } of message.json<{ message_id: string; fact: Fact }[]>()) {
      yield { tenant_id: tenantId, run_id: runId, message_id, fact, partition, sequence: message.seq, keptAt };
    }
    if (--left === 0) break;
  }
  await messages.close();
}
