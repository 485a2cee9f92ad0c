/** The worker of the raw loop: takes a job, publishes its report and acks the job once the report is stored. */
import { jetstream } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';
import { ackedPublish } from '../acked-publish.js';
import { body, jobsStream, reportSubject, workerConsumer } from '../raw-settings.js';

const connection = await connect({ servers: process.argv[2] ?? '', noAsyncTraces: true });
const publish = ackedPublish(connection);
const consumer = await jetstream(connection).consumers.get(jobsStream, workerConsumer);
await consumer.consume({
  max_messages: 2_000,
  callback: (job) => {
    const [, , , run, step] = job.subject.split('.');
    const withId = headers();
    withId.set('Nats-Msg-Id', `${run}/${step}/1`);
    void publish(reportSubject(Number(run), Number(step)), body, withId).then(() => job.ack());
  },
});
process.send?.('ready');
