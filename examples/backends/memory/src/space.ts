import type { Clock, Json, RunKey } from '@llmteam/contracts';
import { Changes } from './changes.js';
import { Channel } from './channel.js';

/** One entry of the journal, as JSON: a reader gets a copy. */
interface StoredEntry extends RunKey {
  readonly position: number;
  readonly message_id: string;
  readonly fact: string;
}

/** One partition of the journal. */
interface Partition {
  entries: StoredEntry[];
  /** The last position that was used. */
  end: number;
  /** Of every message, by run and message id: its position. */
  readonly known: Map<string, number>;
}

interface StoredValue {
  /** JSON */
  readonly text: string;
  readonly revision: number;
  /** Epoch milliseconds; Infinity if it does not expire. */
  readonly expiresAt: number;
}

export interface SpaceOptions {
  readonly clock: Clock;
  readonly partitions: number;
  readonly leaseMs: number;
}

/** What a server would keep for its clients: everything that is stored, shared by all backends of this process that name the space. */
export class Space {
  readonly partitions: readonly Partition[];
  readonly appended = new Changes();
  readonly values = new Map<string, StoredValue>();
  /** The last revision that was used. */
  revision = 0;
  readonly valuesChanged = new Changes();
  readonly blobs = new Map<string, Uint8Array>();
  readonly subscribers = new Map<string, Set<(message: Json) => void>>();
  private readonly channels = new Map<string, Channel>();

  constructor(readonly options: SpaceOptions) {
    this.partitions = Array.from({ length: options.partitions }, () => ({ entries: [], end: 0, known: new Map() }));
  }

  /** The jobs of one queue. */
  channel(queue: string): Channel {
    const known = this.channels.get(queue) ?? new Channel(this.options.clock, this.options.leaseMs);
    this.channels.set(queue, known);
    return known;
  }

  allChannels(): Iterable<Channel> {
    return this.channels.values();
  }
}
