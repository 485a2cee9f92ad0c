// takes: 15
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backendConformance } from './backends.js';
import { installationsOn, natsLeaseMs } from './nats-backend.js';

spec('the NATS backend on the oldest supported server', (test) => {
  const open = installationsOn(new SharedServer({ suite: 'trixie' }));
  backendConformance(test, open, natsLeaseMs);
});
