import { onStage } from '../support/scenario-stage/on-stage.js';
import { inOneProcess, sqlite } from '../support/scenario-stage/site.js';
import { spec } from '../support/spec.js';

spec('scenarios on the SQLite backend', (test) => onStage(test, inOneProcess(sqlite)));
