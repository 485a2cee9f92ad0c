import { type Blobs, type Fact, type Journal, LlmteamError } from '@llmteam/contracts';
import { CheckedJournal, LargeValueJournal } from '@llmteam/kernel';
import { journalConformance, journalUnreadableLaws, sampleMessage as message } from '@llmteam/testing';
import { spec } from '../support/spec.js';
import { openedMemory } from './backends.js';

spec('the journal with large values in the blob store', (test) => {
  journalConformance({
    test,
    open: async () => {
      const { port, advance, dispose } = await openedMemory();
      return { port: new LargeValueJournal(port.journal, port.blobs), advance, dispose };
    },
  });
});

/** Blobs that lose everything they are given. */
function forgetful(blobs: Blobs): Blobs {
  const missing = (hash: string): never => {
    throw new LlmteamError('BLOB_MISSING', `${hash} is not there`);
  };
  return {
    supports: blobs.supports,
    put: (bytes) => blobs.put(bytes),
    get: async (hash) => missing(hash),
    has: async () => false,
    remove: async () => undefined,
    close: () => blobs.close(),
  };
}

spec('a journal whose large values are missing', (test) => {
  journalUnreadableLaws({
    test,
    open: async () => {
      const { port, advance, dispose } = await openedMemory();
      return { port: new LargeValueJournal(port.journal, forgetful(port.blobs)), advance, dispose };
    },
    spoil: async (journal, run) => {
      await journal.append(run, [message('large', 'x'.repeat(300 * 1024))]);
      return journal;
    },
  });
});

spec('a journal whose facts are checked', (test) => {
  const open = async () => {
    const { port, advance, dispose } = await openedMemory();
    return { port: new CheckedJournal(port.journal) as Journal, advance, dispose };
  };
  journalConformance({ test, open });
  journalUnreadableLaws({
    test,
    open,
    spoil: async (journal, run) => {
      const fact = { type: 'run.forgotten', at: 1 } as unknown as Fact;
      await journal.append(run, [{ message_id: 'later-version', fact }]);
      return journal;
    },
  });
});
