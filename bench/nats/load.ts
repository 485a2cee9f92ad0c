/**
 * Keeps a number of runs of one segment in flight with as little CPU as possible: it shares the machine with the services under test,
 * and the raw loop they are compared with has no such client. For each start it writes what a gateway writes.
 */
import type { RunKey, RunRequested } from '@llmteam/contracts';
import { engineVersion } from '@llmteam/kernel';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { ackedPublish } from './acked-publish.js';

export interface LoadOptions {
  readonly connection: NatsConnection;
  readonly namespace: string;
  readonly partitionOf: (run: RunKey) => number;
  /** The share of the runs that are traced. */
  readonly traced: number;
}

/** A tenant that only this client uses, so it sees no other runs. */
const tenantId = 'load';

export class Load {
  private readonly publish: ReturnType<typeof ackedPublish>;
  private readonly beginsRun = headers();
  private made = 0;

  constructor(private readonly options: LoadOptions) {
    this.publish = ackedPublish(options.connection);
    this.beginsRun.set('Nats-Expected-Last-Subject-Sequence', '0');
  }

  /** Resolves once `runs` runs have ended. */
  async run(definition: string, runs: number, inFlight: number): Promise<void> {
    const { connection, namespace } = this.options;
    const count = { begun: 0, ended: 0 };
    await new Promise<void>((resolve, reject) => {
      const ends = connection.subscribe(`${namespace}.journal.*.${tenantId}.*.r`, {
        callback: (_, msg) => {
          if (!msg.string().includes('"type":"run.ended"')) return;
          begin();
          if (++count.ended < runs) return;
          ends.unsubscribe();
          resolve();
        },
      });
      const begin = (): void => {
        if (count.begun++ < runs) this.begin(definition).catch(reject);
      };
      for (let place = 0; place < inFlight; place++) begin();
    });
  }

  private async begin(definition: string): Promise<void> {
    const { namespace, partitionOf, traced } = this.options;
    const isTraced = Math.floor((this.made + 1) * traced) > Math.floor(this.made * traced);
    const runId = `load-${process.pid}-${++this.made}`;
    const fact: RunRequested = {
      type: 'run.requested',
      at: Date.now(),
      segment_id: 'load',
      definition,
      input: {},
      instance_id: 'default',
      correlation_id: null,
      trace_id: '0123456789abcdef0123456789abcdef',
      ...(isTraced && { trace: { sampled: true } }),
      timeout_seconds: null,
      engine: engineVersion,
    };
    const subject = `${namespace}.journal.${partitionOf({ tenant_id: tenantId, run_id: runId })}.${tenantId}.${runId}.r`;
    const body = Buffer.from(JSON.stringify([{ message_id: 'requested', fact }]));
    const answer = (await this.publish(subject, body, this.beginsRun)).string();
    if (answer.includes('"error"')) throw new Error(`run ${runId} was not accepted: ${answer}`);
  }
}
