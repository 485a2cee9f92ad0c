// takes: 15
import type { Journal } from '@llmteam/contracts';
import { journalUnreadableLaws } from '@llmteam/testing';
import { SharedServer } from '../support/nats/shared-server.js';
import { spec } from '../support/spec.js';
import { backendConformance } from './backends.js';
import { installationsOn, natsLeaseMs, type OpenedNats } from './nats-backend.js';

const open = installationsOn(new SharedServer());

spec('the NATS backend', (test) => {
  backendConformance(test, open, natsLeaseMs);
});

spec('the NATS backend with a foreign message', (test) => {
  const installations = new Map<Journal, OpenedNats>();
  journalUnreadableLaws({
    test,
    open: async () => {
      const opened = await open();
      const { journal } = opened.port;
      installations.set(journal, opened);
      return { port: journal, advance: opened.advance, dispose: opened.dispose };
    },
    spoil: async (journal, { tenant_id, run_id }) => {
      const partition = journal.partitionOf({ tenant_id, run_id });
      await installations
        .get(journal)
        ?.publish(`journal.${partition}.${tenant_id}.${run_id}.s`, '[{"message_id":"cut","fa');
      return journal;
    },
  });
});
