import { LargeValueJournal } from '@llmteam/kernel';
import { spec } from '../support/spec.js';
import { opened_memory } from './backends.js';
import { journal_conformance } from './journal-conformance.js';

spec('the journal that takes large values out', (test) => {
  journal_conformance({
    test,
    open: async () => {
      const { port, advance, dispose } = await opened_memory();
      return { port: new LargeValueJournal(port.journal, port.blobs), advance, dispose };
    },
  });
});
