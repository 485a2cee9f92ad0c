import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backend_conformance } from './backends.js';
import { installations_on, nats_lease_ms } from './nats-backend.js';

spec('the NATS backend on the oldest server line that is supported', (test) => {
  const open = installations_on(new SharedServer({ suite: 'trixie' }));
  backend_conformance(test, open, nats_lease_ms);
});
