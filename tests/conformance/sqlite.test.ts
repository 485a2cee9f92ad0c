import { spec } from '../support/spec.js';
import { backendConformance, damagedRowConformance, openedSqlite } from './backends.js';

spec('the SQLite backend, fully synchronous', (test) => {
  backendConformance(test, () => openedSqlite('full'));
  damagedRowConformance(test, () => openedSqlite('full'));
});
