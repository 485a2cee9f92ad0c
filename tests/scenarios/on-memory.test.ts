import { on_stage } from '../support/scenario-stage/on-stage.js';
import { in_one_process, memory } from '../support/scenario-stage/site.js';
import { spec } from '../support/spec.js';

spec('scenarios on the memory backend', (test) => on_stage(test, in_one_process(memory)));
