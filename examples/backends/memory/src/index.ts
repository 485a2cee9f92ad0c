import { type BackendType, LlmteamError, type Plugin, pluginApiVersion } from '@llmteam/contracts';
import { MemoryBlobs } from './blobs.js';
import { MemoryJobQueue } from './job-queue.js';
import { MemoryJournal } from './journal.js';
import { MemoryKvStore } from './kv-store.js';
import { MemoryPubSub } from './pub-sub.js';
import { Space, type SpaceOptions } from './space.js';

/** As the schema below describes them. */
interface Settings {
  readonly space: string;
  readonly partitions: number;
  readonly job_lease_seconds: number;
}

const spaces = new Map<string, Space>();

const memory: BackendType = {
  configSchema: {
    type: 'object',
    properties: {
      space: { type: 'string', minLength: 1, default: 'default', description: 'Who names the same space shares it.' },
      partitions: { type: 'integer', minimum: 1, maximum: 64, default: 4 },
      job_lease_seconds: { type: 'number', exclusiveMinimum: 0, maximum: 3600, default: 30 },
    },
    additionalProperties: false,
  },

  async open(settings, { clock, log, index }) {
    const { space: name, partitions, job_lease_seconds } = settings as unknown as Settings;
    const space = spaceOf(name, { clock, partitions, leaseMs: job_lease_seconds * 1_000 });
    const journal = new MemoryJournal(space);
    const queue = new MemoryJobQueue(space);
    const pubSub = new MemoryPubSub(space, log);
    const kv = new MemoryKvStore(space);
    const blobs = new MemoryBlobs(space);
    return {
      journal,
      queue,
      pubSub,
      kv,
      blobs,
      index,
      isConnected: () => true,
      async close() {
        for (const port of [queue, pubSub, journal, kv, blobs, index]) await port.close();
      },
    };
  },

  async inspect() {
    const message = 'in the memory of one process, which other processes cannot reach';
    return { findings: [{ name: 'server', state: 'warning', message }], isInstalled: false, clockOffsetMs: null };
  },
};

function spaceOf(name: string, options: SpaceOptions): Space {
  const space = spaces.get(name) ?? new Space(options);
  spaces.set(name, space);
  const { length } = space.partitions;
  if (length === options.partitions) return space;
  throw new LlmteamError('BACKEND_UNSUITABLE', `space '${name}' has ${length} partitions, not ${options.partitions}`);
}

const plugin: Plugin = { name: 'memory', api: pluginApiVersion, backend: memory };

export default plugin;
