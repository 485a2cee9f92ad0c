// takes: 30
import { SharedServer } from '../support/nats/shared-server.js';
import { onNats } from '../support/scenario-stage/nats-site.js';
import { onStage } from '../support/scenario-stage/on-stage.js';
import { spec } from '../support/spec.js';

spec('scenarios on the NATS backend, one coordinator and one worker', (test) =>
  onStage(test, onNats(new SharedServer(), { coordinators: [{ partitions: [0, 1] }], workers: 1 })),
);
