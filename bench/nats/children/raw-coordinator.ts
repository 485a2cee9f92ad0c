/** The coordinator of the raw loop: publishes a job, reads its report, publishes the next one. Prints the total in milliseconds. */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ackedPublish } from '../acked-publish.js';
import { body, jobSubject, jobsStream, type RawLoop, reportsStream, workerConsumer } from '../raw-settings.js';

const { servers, runs, warmUpRuns, runsInFlight, stepsPerRun }: RawLoop = JSON.parse(process.argv[2] ?? '{}');
const connection = await connect({ servers, noAsyncTraces: true });
const manager = await jetstreamManager(connection);
await manager.streams.add({
  name: reportsStream,
  subjects: ['raw.report.>'],
  storage: StorageType.File,
  duplicate_window: 30_000_000_000,
  allow_direct: true,
});
await manager.streams.add({
  name: jobsStream,
  subjects: ['raw.job.>'],
  storage: StorageType.Memory,
  retention: RetentionPolicy.Workqueue,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
  duplicate_window: 1_000_000_000,
});
await manager.consumers.add(jobsStream, {
  durable_name: workerConsumer,
  ack_policy: AckPolicy.Explicit,
  max_ack_pending: 50_000,
});
const publish = ackedPublish(connection);
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));

const state = { begun: 0, ended: 0, measuredFrom: performance.now() };
const all = warmUpRuns + runs;
function beginRun(): void {
  if (state.begun < all) void publish(jobSubject(state.begun++, 0), body);
}
const consumer = await jetstream(connection).consumers.get(reportsStream, { deliver_policy: DeliverPolicy.All });
const messages = await consumer.consume({
  max_messages: 2_000,
  callback: ({ subject }) => {
    const [, , run, step] = subject.split('.');
    const next = Number(step) + 1;
    if (next < stepsPerRun) {
      void publish(jobSubject(Number(run), next), body);
      return;
    }
    beginRun();
    if (++state.ended === warmUpRuns) state.measuredFrom = performance.now();
    if (state.ended === all) messages.stop();
  },
});
for (let place = 0; place < runsInFlight; place++) beginRun();
await messages.closed();
console.log(performance.now() - state.measuredFrom);
await connection.close();
process.exit(0);
