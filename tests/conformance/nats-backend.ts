/** Adapts the NATS backend to the conformance suites: a real server, and a separate installation for every test. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { defaultSettings, type NatsBackend, type NatsSettings, openNatsBackend } from '@llmteam/backend-nats';
import { systemClock } from '@llmteam/service-host';
import { headers } from '@nats-io/transport-node';
import { withRawClient } from '../support/nats/raw-client.js';
import type { SharedServer } from '../support/nats/shared-server.js';
import { quietLogger } from '../support/quiet-logger.js';
import type { Opened } from './kit.js';

export const natsLeaseMs = 800;

/** Time for effects to come back from the server. */
const settleMs = 40;
const installations = { made: 0 };

export type OpenedNats = Opened<NatsBackend> & {
  /** Publishes a message on a subject of the installation, as anybody may who has access to the server. */
  readonly publish: (
    subject: string,
    body: string | Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<void>;
};
export type OpenNats = () => Promise<OpenedNats>;

/** Installations on one server, each with its own namespace. */
export function installationsOn(server: SharedServer, changes: Partial<NatsSettings> = {}): OpenNats {
  return async () => {
    const { server: lent, release } = await server.lend();
    const namespace = `test_${++installations.made}`;
    const settings: NatsSettings = {
      ...defaultSettings,
      servers: [lent.url],
      namespace,
      partitions: 2,
      jobLeaseMs: natsLeaseMs,
      ...changes,
    };
    let current = await openTestBackend(settings);
    return {
      port: current,
      advance: (ms) => sleep(ms + settleMs),
      async reopen() {
        await current.close();
        current = await openTestBackend(settings);
        return current;
      },
      async publish(subject, body, table = {}) {
        const sent = headers();
        for (const [name, value] of Object.entries(table)) sent.set(name, value);
        await withRawClient(lent.url, async ({ publish }) => {
          await publish(`${namespace}.${subject}`, body, { headers: sent });
        });
      },
      async dispose() {
        await current.close();
        release();
      },
    };
  };
}

async function openTestBackend(settings: NatsSettings): Promise<NatsBackend> {
  const clock = systemClock();
  const { index } = await openMemoryBackend({ clock });
  return openNatsBackend({ settings, name: 'test', clock, log: quietLogger, index });
}
