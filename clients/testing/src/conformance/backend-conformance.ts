/** Conformance suite of a whole backend: those of its ports. */
import * as assert from 'node:assert/strict';
import type { Backend } from '@llmteam/contracts';
import { blobsConformance, type OpenedBlobs } from './blobs-conformance.js';
import { jobQueueConformance } from './job-queue-conformance.js';
import { journalConformance } from './journal-conformance.js';
import type { Opened, Test } from './kit.js';
import { kvStoreConformance } from './kv-store-conformance.js';
import { pubSubConformance } from './pub-sub-conformance.js';
import { runIndexConformance } from './run-index-conformance.js';

type OpenedPort<P> = Opened<P> & Pick<OpenedBlobs, 'damage'>;
export type OpenedBackend = OpenedPort<Backend>;

export interface BackendKit {
  readonly test: Test;
  /** Opens the backend on an empty store, for one test. */
  readonly open: () => Promise<OpenedBackend>;
  /** The lease that its queue was opened with. */
  readonly leaseMs: number;
}

export function backendConformance({ test, open, leaseMs }: BackendKit): void {
  test('a backend that was opened is connected, and may be closed twice', async () => {
    const { port, dispose } = await open();
    assert.equal(port.isConnected(), true);
    await port.close();
    await port.close();
    await dispose();
  });
  backendJournalConformance({ test, open });
  jobQueueConformance({ test, leaseMs, open: only(open, 'queue') });
  pubSubConformance({ test, open: only(open, 'pubSub') });
  kvStoreConformance({ test, open: only(open, 'kv') });
  blobsConformance({ test, open: only(open, 'blobs') });
  runIndexConformance({ test, open: only(open, 'index') });
}

export function backendJournalConformance({ test, open }: Pick<BackendKit, 'test' | 'open'>): void {
  journalConformance({ test, open: only(open, 'journal') });
}

/** Opens a single port of a backend. */
function only<K extends keyof Backend>(open: BackendKit['open'], key: K): () => Promise<OpenedPort<Backend[K]>> {
  return async () => {
    const { port, reopen, ...rest } = await open();
    return { ...rest, port: port[key], ...(reopen && { reopen: async () => (await reopen())[key] }) };
  };
}
