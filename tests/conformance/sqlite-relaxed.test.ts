import { spec } from '../support/spec.js';
import { backendConformance, openedSqlite } from './backends.js';

spec('the SQLite backend, relaxed', (test) => {
  backendConformance(test, () => openedSqlite('relaxed'));
});
