/** The backends of this repository as the conformance suites want them. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ManualClock,
  manual_clock,
  open_memory_backend,
  open_sqlite_backend,
  type SqliteBackendOptions,
} from '@llmteam/backend-embedded';
import type { Backend } from '@llmteam/contracts';
import { blobs_conformance, type OpenedBlobs } from './blobs-conformance.js';
import { job_queue_conformance } from './job-queue-conformance.js';
import { journal_conformance } from './journal-conformance.js';
import type { Opened, Test } from './kit.js';
import { registry_conformance } from './registry-conformance.js';
import { run_index_conformance } from './run-index-conformance.js';
import { signals_conformance } from './signals-conformance.js';

type OpenedPort<P> = Opened<P> & Pick<OpenedBlobs, 'damage'>;
type OpenedBackend = OpenedPort<Backend>;

type OpenBackend = () => Promise<OpenedBackend>;

const start = Date.UTC(2026, 0, 1);
const lease_ms = 30_000;
const on_error = () => undefined;

export async function opened_memory(partitions = 1): Promise<OpenedBackend> {
  const clock = manual_clock(start);
  const port = await open_memory_backend({ clock, partitions, lease_ms, on_error });
  return { port, advance: (ms) => clock.advance(ms), dispose: () => port.close() };
}

export async function opened_sqlite(synchronous: 'full' | 'relaxed'): Promise<OpenedBackend> {
  const folder = await mkdtemp(join(tmpdir(), 'llmteam-'));
  const clock: ManualClock = manual_clock(start);
  const options: SqliteBackendOptions = { folder, clock, synchronous, lease_ms, on_error };
  const port = await open_sqlite_backend(options);
  let current = port;
  return {
    port,
    advance: (ms) => clock.advance(ms),
    async reopen() {
      await current.close();
      current = await open_sqlite_backend(options);
      return current;
    },
    async dispose() {
      await current.close();
      await rm(folder, { recursive: true, force: true });
    },
    async damage(hash) {
      const digits = hash.slice('sha256:'.length);
      const file = join(folder, 'blobs', digits.slice(0, 2), digits);
      await writeFile(file, (await readFile(file)).reverse());
    },
  };
}

/** One port of a backend as something opened of its own. */
function only<K extends keyof Backend>(open: OpenBackend, key: K): () => Promise<OpenedPort<Backend[K]>> {
  return async () => {
    const { port, reopen, ...rest } = await open();
    return { ...rest, port: port[key], ...(reopen && { reopen: async () => (await reopen())[key] }) };
  };
}

export function backend_journal_conformance(test: Test, open: OpenBackend): void {
  journal_conformance({ test, open: only(open, 'journal') });
}

/** Every port of a backend held against its laws. `queue_lease_ms`: the lease its queue was opened with. */
export function backend_conformance(test: Test, open: OpenBackend, queue_lease_ms = lease_ms): void {
  backend_journal_conformance(test, open);
  job_queue_conformance({ test, lease_ms: queue_lease_ms, open: only(open, 'queue') });
  signals_conformance({ test, open: only(open, 'signals') });
  registry_conformance({ test, open: only(open, 'registry') });
  blobs_conformance({ test, open: only(open, 'blobs') });
  run_index_conformance({ test, open: only(open, 'index') });
}
