import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backend_conformance } from './backends.js';
import { installations_on, nats_lease_ms } from './nats-backend.js';

spec('the NATS backend on a server that syncs every write, jobs on disk too', (test) => {
  const open = installations_on(new SharedServer({ sync_interval: 'always' }), {
    jobs_storage: 'file',
    atomic_batches: true,
  });
  backend_conformance(test, open, nats_lease_ms);
});
