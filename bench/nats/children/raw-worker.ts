/** The worker of the raw loop: takes a job, publishes its report, acknowledges the job once the report is kept. */
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { acked_publish } from '../acked-publish.js';
import { body, jobs_stream, report_subject, worker_consumer } from '../raw-settings.js';

const connection = await connect({ servers: process.argv[2] ?? '', noAsyncTraces: true });
const publish = acked_publish(connection);
const consumer = await jetstream(connection).consumers.get(jobs_stream, worker_consumer);
await consumer.consume({
  max_messages: 2_000,
  callback: (job) => {
    const [, , , run, step] = job.subject.split('.');
    const with_id = headers();
    with_id.set('Nats-Msg-Id', `${run}/${step}/1`);
    void publish(report_subject(Number(run), Number(step)), body, with_id).then(() => job.ack());
  },
});
process.send?.('ready');
