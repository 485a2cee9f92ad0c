/** Adapts the backends of this repository to the conformance suites. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend, openSqliteBackend, type SqliteBackendOptions } from '@llmteam/backend-embedded';
import type { Backend, Journal } from '@llmteam/contracts';
import {
  backendConformance as conformanceOf,
  backendJournalConformance as journalConformanceOf,
  journalUnreadableLaws,
  type ManualClock,
  manualClock,
  type OpenedBackend as OpenedForSuites,
  sampleMessage,
  type Test,
} from '@llmteam/testing';

type OpenedBackend = OpenedForSuites & {
  /** Closes the store, changes one byte of a text in its journal and reopens it. */
  readonly spoil?: (text: string) => Promise<Backend>;
};

type OpenBackend = () => Promise<OpenedBackend>;

const start = Date.UTC(2026, 0, 1);
const leaseMs = 30_000;
const onError = () => undefined;

export async function openedMemory(partitions = 1): Promise<OpenedBackend> {
  const clock = manualClock(start);
  const port = await openMemoryBackend({ clock, partitions, leaseMs, onError });
  return { port, advance: (ms) => clock.advance(ms), dispose: () => port.close() };
}

export async function openedSqlite(synchronous: 'full' | 'relaxed'): Promise<OpenedBackend> {
  const folder = await mkdtemp(join(tmpdir(), 'llmteam-'));
  const clock: ManualClock = manualClock(start);
  const options: SqliteBackendOptions = { folder, clock, synchronous, leaseMs, onError };
  const port = await openSqliteBackend(options);
  let current = port;
  return {
    port,
    advance: (ms) => clock.advance(ms),
    async reopen() {
      await current.close();
      current = await openSqliteBackend(options);
      return current;
    },
    async dispose() {
      await current.close();
      await rm(folder, { recursive: true, force: true });
    },
    async spoil(text) {
      await current.close();
      const file = join(folder, 'journal.db');
      const bytes = await readFile(file);
      bytes.write('!', bytes.indexOf(text));
      await writeFile(file, bytes);
      current = await openSqliteBackend(options);
      return current;
    },
    async damage(hash) {
      const digits = hash.slice('sha256:'.length);
      const file = join(folder, 'blobs', digits.slice(0, 2), digits);
      await writeFile(file, (await readFile(file)).reverse());
    },
  };
}

/** J10, where one row of the file is damaged. */
export function damagedRowConformance(test: Test, open: OpenBackend): void {
  const stores = new Map<Journal, OpenedBackend>();
  const text = 'a-text-that-is-nowhere-else';
  journalUnreadableLaws({
    test,
    open: async () => {
      const opened = await open();
      stores.set(opened.port.journal, opened);
      const { port, advance, dispose } = opened;
      return { port: port.journal, advance, dispose };
    },
    spoil: async (journal, run) => {
      await journal.append(run, [sampleMessage('spoilt', text)]);
      const reopened = await stores.get(journal)?.spoil?.(text);
      if (reopened === undefined) throw new Error('this store cannot be spoilt');
      return reopened.journal;
    },
  });
}

export function backendJournalConformance(test: Test, open: OpenBackend): void {
  journalConformanceOf({ test, open });
}

/** Runs every conformance suite against a backend. `queueLeaseMs` is the lease its queue was opened with. */
export function backendConformance(test: Test, open: OpenBackend, queueLeaseMs = leaseMs): void {
  conformanceOf({ test, open, leaseMs: queueLeaseMs });
}
