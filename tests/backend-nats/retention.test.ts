import { retentionConformance } from '@llmteam/testing';
import { installationsOn } from '../conformance/nats-backend.js';
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';

spec('retention of finished runs on NATS', (test) => {
  retentionConformance({ test, open: installationsOn(new SharedServer(), { partitions: 1 }) });
});
