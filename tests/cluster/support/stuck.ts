/**
 * Purpose: waits for runs and explains why they do not progress if the patience runs out (I-15).
 * Runs are stuck if the journal has not grown for `patienceMs` while runs are open.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type Cluster, namespace } from './cluster.js';
import { tenantId } from './cluster-client.js';

const lookAgainMs = 250;
const runsShown = 3;

/** Settles with the work; rejects with a dump if nothing happened for `patienceMs`. */
export async function unlessStuck<T>(cluster: Cluster, patienceMs: number, work: Promise<T>): Promise<T> {
  const over = { is: false };
  const finished = work.finally(() => {
    over.is = true;
  });
  finished.catch(() => undefined);
  const watch = async (): Promise<never> => {
    let since = performance.now();
    while (!over.is) {
      await sleep(lookAgainMs);
      since = Math.max(since, cluster.client.grewAt);
      if (performance.now() - since > patienceMs && !over.is) {
        throw new Error(`nothing happened for ${patienceMs} ms\n${await dump(cluster)}`);
      }
    }
    return await new Promise<never>(() => undefined);
  };
  return Promise.race([finished, watch()]);
}

/** For some open runs the tail of the history and what they wait for; then the leases, the queue and the processes. */
async function dump(cluster: Cluster): Promise<string> {
  const { client, members } = cluster;
  const open = [...client.asked.keys()].filter((runId) => !client.endedRuns.has(runId));
  const lines = [`${open.length} runs are open: ${open.slice(0, 20).join(', ')}`];
  for (const runId of open.slice(0, runsShown)) {
    lines.push(`${runId}, partition ${client.backend.journal.partitionOf({ tenant_id: tenantId, run_id: runId })}:`);
    lines.push(...client.factsOf(runId).map((fact) => `  ${JSON.stringify(fact).slice(0, 240)}`));
    lines.push(`  waits for: ${await said(client.runs.show({ tenant_id: tenantId, run_id: runId }))}`);
  }
  for (const prefix of ['leases/', 'members/', 'checkpoints/'])
    lines.push(`${prefix} ${await said(client.backend.kv.list(prefix))}`);
  lines.push(`queue: ${await said(queueState(cluster))}`);
  for (const member of members)
    lines.push(`${member.name} ${member.runs ? 'runs' : member.ending}:`, `  | ${member.lastWords()}`);
  return lines.join('\n');
}

async function queueState({ server }: Cluster): Promise<unknown> {
  const connection = await connect({ servers: server.url });
  try {
    const manager = await jetstreamManager(connection);
    const stream = `${namespace.toUpperCase()}_JOBS`;
    const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
    const consumers: object[] = [];
    for await (const { name, num_pending, num_ack_pending, num_waiting } of manager.consumers.list(stream)) {
      consumers.push({ name, num_pending, num_ack_pending, num_waiting });
    }
    return { messages: state.messages, subjects: state.subjects, consumers };
  } finally {
    await connection.close();
  }
}

async function said(asked: Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await asked).slice(0, 3_000);
  } catch (error) {
    return String(error);
  }
}
