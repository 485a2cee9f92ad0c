// takes: 30
import { SharedServer } from '../support/nats/shared-server.js';
import { onNats } from '../support/scenario-stage/nats-site.js';
import { onStage } from '../support/scenario-stage/on-stage.js';
import { spec } from '../support/spec.js';

spec('scenarios on the NATS backend, two coordinators with one partition each and three workers', (test) =>
  onStage(test, onNats(new SharedServer(), { coordinators: [{ partitions: [0] }, { partitions: [1] }], workers: 3 })),
);
