// takes: 30
import { SharedServer } from '../support/nats/shared-server.js';
import { onNats } from '../support/scenario-stage/nats-site.js';
import { onStage } from '../support/scenario-stage/on-stage.js';
import { spec } from '../support/spec.js';

const partitions = [0, 1];

/** Two owners of the same partitions that do not know about each other; one of them evicts every idle run. */
spec('scenarios on the NATS backend, two coordinators that both own every partition and three workers', (test) =>
  onStage(
    test,
    onNats(new SharedServer(), { coordinators: [{ partitions }, { partitions, maxResidentRuns: 0 }], workers: 3 }),
  ),
);
