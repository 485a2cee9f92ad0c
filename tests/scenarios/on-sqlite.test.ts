import { on_stage } from '../support/scenario-stage/on-stage.js';
import { in_one_process, sqlite } from '../support/scenario-stage/site.js';
import { spec } from '../support/spec.js';

spec('scenarios on the SQLite backend', (test) => on_stage(test, in_one_process(sqlite)));
