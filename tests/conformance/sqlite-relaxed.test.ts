import { spec } from '../support/spec.js';
import { backend_conformance, opened_sqlite } from './backends.js';

spec('the SQLite backend, relaxed', (test) => {
  backend_conformance(test, () => opened_sqlite('relaxed'));
});
