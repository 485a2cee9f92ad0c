import { spec } from '../support/spec.js';
import { backendConformance, backendJournalConformance, openedMemory } from './backends.js';

spec('the memory backend', (test) => {
  backendConformance(test, () => openedMemory());
});

spec('the memory journal with 8 partitions', (test) => {
  backendJournalConformance(test, () => openedMemory(8));
});
