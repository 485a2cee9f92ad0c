import { onStage } from '../support/scenario-stage/on-stage.js';
import { inOneProcess, memory } from '../support/scenario-stage/site.js';
import { spec } from '../support/spec.js';

spec('scenarios on the memory backend', (test) => onStage(test, inOneProcess(memory)));
