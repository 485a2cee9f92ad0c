/** The coordinator of the raw loop: publishes a job, reads its report, publishes the next. Prints the milliseconds the runs took. */
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
import { acked_publish } from '../acked-publish.js';
import { body, job_subject, jobs_stream, type RawLoop, reports_stream, worker_consumer } from '../raw-settings.js';

const { servers, runs, warm_up_runs, runs_in_flight, steps_per_run }: RawLoop = JSON.parse(process.argv[2] ?? '{}');
const connection = await connect({ servers, noAsyncTraces: true });
const manager = await jetstreamManager(connection);
await manager.streams.add({
  name: reports_stream,
  subjects: ['raw.report.>'],
  storage: StorageType.File,
  duplicate_window: 30_000_000_000,
  allow_direct: true,
});
await manager.streams.add({
  name: jobs_stream,
  subjects: ['raw.job.>'],
  storage: StorageType.Memory,
  retention: RetentionPolicy.Workqueue,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
  duplicate_window: 1_000_000_000,
});
await manager.consumers.add(jobs_stream, {
  durable_name: worker_consumer,
  ack_policy: AckPolicy.Explicit,
  max_ack_pending: 50_000,
});
const publish = acked_publish(connection);
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));

const state = { begun: 0, ended: 0, measured_from: performance.now() };
const all = warm_up_runs + runs;
function begin_run(): void {
  if (state.begun < all) void publish(job_subject(state.begun++, 0), body);
}
const consumer = await jetstream(connection).consumers.get(reports_stream, { deliver_policy: DeliverPolicy.All });
const messages = await consumer.consume({
  max_messages: 2_000,
  callback: ({ subject }) => {
    const [, , run, step] = subject.split('.');
    const next = Number(step) + 1;
    if (next < steps_per_run) {
      void publish(job_subject(Number(run), next), body);
      return;
    }
    begin_run();
    if (++state.ended === warm_up_runs) state.measured_from = performance.now();
    if (state.ended === all) messages.stop();
  },
});
for (let place = 0; place < runs_in_flight; place++) begin_run();
await messages.closed();
console.log(performance.now() - state.measured_from);
await connection.close();
process.exit(0);
