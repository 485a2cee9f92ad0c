/**
 * Purpose: what a queue holds, as the leader of its JetStream consumer tells it.
 * Does not own: the consumer. A queue that no worker has consumed yet has none, then its messages are counted.
 */
import type { QueueDepth } from '@llmteam/contracts';
import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Names } from './names.js';
import { type ApiError, apiErrorCode, apiErrors, refusal } from './nats-error.js';

const timeoutMs = 5_000;
/** Beyond the last subject: the answer tells how many there are, and names none. */
const beyondAll = 2 ** 31;

interface Place {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly queue: string;
}

/** @throws what the client throws */
export async function queueDepth(place: Place): Promise<QueueDepth> {
  const info = await consumerInfo(place);
  const queued = info?.num_pending ?? (await unconsumed(place));
  const oldest = queued === 0 ? null : await storedAfter(place, info?.delivered.stream_seq ?? 0);
  return { queued, in_flight: info?.num_ack_pending ?? 0, oldest_queued_at: oldest };
}

async function consumerInfo({ manager, names, queue }: Place): Promise<ConsumerInfo | null> {
  try {
    return await manager.consumers.info(names.jobsStream, names.queueConsumer(queue));
  } catch (error) {
    const code = apiErrorCode(error);
    if (code === apiErrors.consumerNotFound || code === apiErrors.streamNotFound) return null;
    throw error;
  }
}

/** The stream has one message per subject. The client itself would read all their names. */
async function unconsumed({ connection, names, queue }: Place): Promise<number> {
  const request = JSON.stringify({ subjects_filter: names.queueSubjects(queue), offset: beyondAll });
  const reply = await connection.request(`$JS.API.STREAM.INFO.${names.jobsStream}`, request, { timeout: timeoutMs });
  const { error, total = 0 } = reply.json<{ readonly error?: ApiError; readonly total?: number }>();
  if (error === undefined || error.err_code === apiErrors.streamNotFound) return total;
  throw refusal(`counting the jobs of queue ${queue}`, error);
}

/** When the first message of the queue after this sequence was stored; null if it was delivered or withdrawn meanwhile. */
async function storedAfter({ manager, names, queue }: Place, sequence: number): Promise<number | null> {
  const first = { seq: sequence + 1, next_by_subj: names.queueSubjects(queue) };
  const message = await manager.streams.getMessage(names.jobsStream, first);
  return message === null ? null : message.time.getTime();
}
