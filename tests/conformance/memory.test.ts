import { spec } from '../support/spec.js';
import { backend_conformance, backend_journal_conformance, opened_memory } from './backends.js';

spec('the memory backend', (test) => {
  backend_conformance(test, () => opened_memory());
});

spec('the memory journal with 8 partitions', (test) => {
  backend_journal_conformance(test, () => opened_memory(8));
});
