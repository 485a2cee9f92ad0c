import { spec } from '../support/spec.js';
import { backendConformance, openedSqlite } from './backends.js';

spec('the SQLite backend, fully synchronous', (test) => {
  backendConformance(test, () => openedSqlite('full'));
});
