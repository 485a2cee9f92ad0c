// takes: 20
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backendConformance } from './backends.js';
import { installationsOn, natsLeaseMs } from './nats-backend.js';

spec('the NATS backend on a server that syncs every write, with jobs on disk', (test) => {
  const open = installationsOn(new SharedServer({ syncInterval: 'always' }), {
    jobsStorage: 'file',
    atomicBatches: true,
  });
  backendConformance(test, open, natsLeaseMs);
});
