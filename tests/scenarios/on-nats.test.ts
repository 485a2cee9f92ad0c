import { SharedServer } from '../support/nats/shared-server.js';
import { on_stage } from '../support/scenario-stage/on-stage.js';
import { on_nats } from '../support/scenario-stage/site.js';
import { spec } from '../support/spec.js';

spec('scenarios on the NATS backend, one coordinator and one worker', (test) =>
  on_stage(test, on_nats(new SharedServer(), { coordinators: [{ partitions: [0, 1] }], workers: 1 })),
);
