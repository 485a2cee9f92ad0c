/**
 * Purpose: keeps step types that end their isolates away from those that do not: who crashed lately gets isolates of its own, and waits for a new
 * one a little longer each time, so that its attempts take no isolate and hardly any processor time from others. What an isolate does
 * while it is asked nothing is the fault of whoever used it last.
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
  end(): void;
}

/** What an isolate is used for. */
export interface Purpose {
  /** The step type or the model provider. */
  readonly key: string;
  /** Of the attempt, for whoever reads the log. */
  readonly run_id?: string;
  readonly step_id?: string;
}

export class IsolatePools {
  readonly common: IsolatePool;
  private readonly suspects = new Map<string, Suspect>();
  private readonly lastUses = new WeakMap<Isolate, Purpose>();

  constructor(private readonly options: { readonly open: () => Promise<Isolate>; readonly log: Logger }) {
    this.common = new IsolatePool({ ...options, isReady: true, lost: this.lost });
  }

  /** @throws Error of the plugin that does not start */
  async lease(purpose: Purpose): Promise<Lease> {
    const { key } = purpose;
    const suspect = this.suspects.get(key);
    const pool = suspect !== undefined && suspect.until > performance.now() ? suspect.pool : this.common;
    const isolate = await pool.take();
    return {
      isolate,
      end: () => {
        if (!isolate.hasBegun) this.lost(isolate);
        else {
          this.lastUses.set(isolate, purpose);
          if (isolate.hasFailed) this.suspect(key);
        }
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

  private readonly lost = (isolate: Isolate): void => {
    const last = this.lastUses.get(isolate);
    if (last !== undefined) this.suspect(last.key);
    const { key: usedBy, ...attempt } = last ?? { key: null };
    const what = `a process or thread of a plugin ${isolate.gone} while it was asked nothing`;
    this.options.log.warn({ used_by: usedBy, ...attempt }, what);
  };

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
    const suspect: Suspect = {
      pool: new IsolatePool({ ...this.options, open, isReady: false, lost: this.lost }),
      crashes: 0,
      until: 0,
    };
    this.suspects.set(typeId, suspect);
    return suspect;
  }
}

function isRejected(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  return result.status === 'rejected';
}
