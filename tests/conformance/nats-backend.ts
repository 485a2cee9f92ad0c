/** The NATS backend as the conformance suites want it: a real server, and an installation of its own for every test. */
import { setTimeout as sleep } from 'node:timers/promises';
import { open_memory_backend, system_clock } from '@llmteam/backend-embedded';
import { default_settings, type NatsBackend, type NatsSettings, open_nats_backend } from '@llmteam/backend-nats';
import type { SharedServer } from '../support/nats/shared-server.js';
import { quiet_logger } from '../support/quiet-logger.js';
import type { Opened } from './kit.js';

export const nats_lease_ms = 800;

/** Time for what was set off to come back from the server. */
const settle_ms = 40;
const installations = { made: 0 };

export type OpenNats = () => Promise<Opened<NatsBackend>>;

/** Installations on one server, each with a namespace of its own. */
export function installations_on(server: SharedServer, changes: Partial<NatsSettings> = {}): OpenNats {
  return async () => {
    const { server: lent, release } = await server.lend();
    const namespace = `test_${++installations.made}`;
    const settings: NatsSettings = {
      ...default_settings,
      servers: [lent.url],
      namespace,
      partitions: 2,
      job_lease_ms: nats_lease_ms,
      ...changes,
    };
    let current = await open_test_backend(settings);
    return {
      port: current,
      advance: (ms) => sleep(ms + settle_ms),
      async reopen() {
        await current.close();
        current = await open_test_backend(settings);
        return current;
      },
      async dispose() {
        await current.close();
        release();
      },
    };
  };
}

async function open_test_backend(settings: NatsSettings): Promise<NatsBackend> {
  const clock = system_clock();
  const { index } = await open_memory_backend({ clock });
  return open_nats_backend({ settings, name: 'test', clock, log: quiet_logger, index });
}
