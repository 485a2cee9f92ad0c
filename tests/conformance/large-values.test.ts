import { LargeValueJournal } from '@llmteam/kernel';
import { spec } from '../support/spec.js';
import { openedMemory } from './backends.js';
import { journalConformance } from './journal-conformance.js';

spec('the journal with large values in the blob store', (test) => {
  journalConformance({
    test,
    open: async () => {
      const { port, advance, dispose } = await openedMemory();
      return { port: new LargeValueJournal(port.journal, port.blobs), advance, dispose };
    },
  });
});
