/**
 * Three independent records of what happened in a cluster: the requests of the client, the content of the journal's streams,
 * and the records of the handlers.
 */
import { type Cluster, namespace } from './cluster.js';
import type { ClusterClient } from './cluster-client.js';
import { type Kept, readJournal } from './journal-records.js';
import { type Execution, readLedger } from './ledger.js';
import type { Expected } from './mixed-load.js';

export interface Records {
  readonly client: Pick<ClusterClient, 'asked' | 'definitions'>;
  readonly kept: readonly Kept[];
  readonly ledger: readonly Execution[];
  /** How each run must end, by id. */
  readonly expected: ReadonlyMap<string, Expected>;
}

export async function recordsOf(cluster: Cluster, expected: ReadonlyMap<string, Expected>): Promise<Records> {
  const kept = await readJournal(cluster.server.url, namespace, cluster.partitions);
  return { client: cluster.client, kept, ledger: readLedger(cluster.ledger), expected };
}
