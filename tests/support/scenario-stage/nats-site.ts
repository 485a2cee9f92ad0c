/** A stage on a real nats-server. */
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { defaultSettings, openNatsBackend } from '@llmteam/backend-nats';
import type { Backend } from '@llmteam/contracts';
import { withRawClient } from '../nats/raw-client.js';
import type { SharedServer } from '../nats/shared-server.js';
import { quietLogger } from '../quiet-logger.js';
import type { OpenSite, Ownership } from './site.js';

export interface Layout {
  readonly coordinators: readonly Ownership[];
  readonly workers: number;
}

const natsPartitions = 2;
const installations = { made: 0 };

/** A separate installation on a real server; the client and every coordinator and worker have their own connections. */
export function onNats(server: SharedServer, { coordinators, workers }: Layout): OpenSite {
  return async (clock) => {
    const { server: lent, release } = await server.lend();
    const namespace = `stage_${++installations.made}`;
    const settings = { ...defaultSettings, servers: [lent.url], namespace, partitions: natsPartitions };
    const opened: Backend[] = [];
    const open = async (name: string): Promise<Backend> => {
      const { index } = await openMemoryBackend({ clock });
      const backend = await openNatsBackend({ settings, name, clock, log: quietLogger, index });
      opened.push(backend);
      return backend;
    };
    const close = async (): Promise<void> => {
      await Promise.all(opened.map((backend) => backend.close()));
      await removeInstallation(lent.url, namespace);
      release();
    };
    try {
      // The first one creates the installation, the others open it.
      const client = await open('client');
      const seats = coordinators.map(async (owns) => ({ backend: await open('coordinator'), ...owns }));
      const hands = Array.from({ length: workers }, () => open('worker'));
      return { client, coordinators: await Promise.all(seats), workers: await Promise.all(hands), close };
    } catch (error) {
      await close();
      throw error;
    }
  };
}

/** A server with the streams of hundreds of runs becomes slow to shut down. */
async function removeInstallation(url: string, namespace: string): Promise<void> {
  await withRawClient(url, async ({ streams }) => {
    const names: string[] = [];
    for await (const name of streams.names()) if (name.includes(`${namespace.toUpperCase()}_`)) names.push(name);
    await Promise.all(names.map((name) => streams.delete(name)));
  });
}
