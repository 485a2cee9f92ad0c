import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backend_conformance } from './backends.js';
import { installations_on, nats_lease_ms } from './nats-backend.js';

spec('the NATS backend', (test) => {
  backend_conformance(test, installations_on(new SharedServer()), nats_lease_ms);
});
