/**
 * Purpose: keeps step types that end their isolates away from those that do not: who crashed lately gets isolates of its own, and waits for a new
 * one a little longer each time, so that its attempts take no isolate and hardly any processor time from others.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@llmteam/contracts';
import type { Isolate } from './isolate.js';
import { IsolatePool } from './isolate-pool.js';

/** How long a step type is suspect after its last crash. */
const suspectMs = 60_000;
const firstPauseMs = 20;
const longestPauseMs = 500;

interface Suspect {
  readonly pool: IsolatePool;
  crashes: number;
  until: number;
}

export interface Lease {
  readonly isolate: Isolate;
  /** Gives it back. */
  end(hasCrashed: boolean): void;
}

export class IsolatePools {
  readonly common: IsolatePool;
  private readonly suspects = new Map<string, Suspect>();

  constructor(private readonly options: { readonly open: () => Promise<Isolate>; readonly log: Logger }) {
    this.common = new IsolatePool({ ...options, isReady: true });
  }

  /** @throws Error of the plugin that does not start */
  async lease(typeId: string): Promise<Lease> {
    const suspect = this.suspects.get(typeId);
    const pool = suspect !== undefined && suspect.until > performance.now() ? suspect.pool : this.common;
    const isolate = await pool.take();
    return {
      isolate,
      end: (hasCrashed) => {
        if (hasCrashed) this.suspect(typeId);
        pool.give(isolate);
      },
    };
  }

  /** @throws Error of a plugin that could not be stopped */
  async close(): Promise<void> {
    const pools = [this.common, ...[...this.suspects.values()].map(({ pool }) => pool)];
    const failed = (await Promise.allSettled(pools.map((pool) => pool.close()))).find(isRejected);
    if (failed !== undefined) throw failed.reason;
  }

  private suspect(typeId: string): void {
    const now = performance.now();
    const known = this.suspects.get(typeId) ?? this.newSuspect(typeId);
    known.crashes = known.until > now ? known.crashes + 1 : 1;
    known.until = now + suspectMs;
  }

  private newSuspect(typeId: string): Suspect {
    const open = async () => {
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** (suspect.crashes - 1));
      await sleep(pauseMs, undefined, { ref: false });
      return this.options.open();
    };
    const suspect: Suspect = { pool: new IsolatePool({ ...this.options, open, isReady: false }), crashes: 0, until: 0 };
    this.suspects.set(typeId, suspect);
    return suspect;
  }
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
