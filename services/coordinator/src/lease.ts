/**
 * Purpose: the lease of one partition: who may work on it, until when.
 * Owns: taking it, keeping it, giving it back. Does not own: deciding who should have it.
 * Invariants: taken only if nobody has it (by revision); `isHeld` turns false by our own clock before anybody else can take it, also if
 * no timer fires: a process that was stopped for a while finds it false when it wakes.
 */
import { type Clock, isLlmteamError, type Json, type KvEntry, type KvStore } from '@llmteam/contracts';

export const leasePrefix = 'leases/';

/** Of the time a lease lasts; what is left is for what was begun just before. */
const trustedPart = 0.7;

export class Lease {
  private revision: number | null = null;
  /** When the last write that was kept was sent: the registry counts from later. */
  private confirmedAt = Number.NEGATIVE_INFINITY;
  private renewingSince = Number.NEGATIVE_INFINITY;
  private renewal: Promise<unknown> = Promise.resolve();

  constructor(
    readonly partition: number,
    private readonly owner: string,
    private readonly leaseMs: number,
    private readonly kv: KvStore,
    private readonly clock: Clock,
  ) {}

  get isHeld(): boolean {
    return this.revision !== null && this.clock.now() < this.trustedUntil;
  }

  /** By our own clock. */
  get trustedUntil(): number {
    return this.confirmedAt + trustedPart * this.leaseMs;
  }

  /** False if another has it. @throws LlmteamError of the registry */
  async acquire(): Promise<boolean> {
    const sentAt = this.clock.now();
    const present = await this.kv.get(this.key);
    if (present !== null && ownerOf(present) !== this.owner) return this.lose();
    return this.write(sentAt, present?.revision ?? 0);
  }

  /** False if it is lost for good. One that cannot be renewed now grows old. @throws LlmteamError of the registry */
  async renew(): Promise<boolean> {
    if (this.revision === null) return false;
    const sentAt = this.clock.now();
    // One that got no answer for so long will get none.
    if (sentAt - this.renewingSince < this.leaseMs) return true;
    this.renewingSince = sentAt;
    const renewal = this.writeAgain(sentAt, this.revision);
    this.renewal = renewal.catch(() => undefined);
    return renewal.finally(() => {
      this.renewingSince = Number.NEGATIVE_INFINITY;
    });
  }

  private async writeAgain(sentAt: number, revision: number): Promise<boolean> {
    if (await this.write(sentAt, revision)) return true;
    // A write whose answer got lost may be our own: then it is ours still, under another revision.
    return this.acquire();
  }

  /** Others may take it at once. @throws LlmteamError of the registry */
  async release(): Promise<void> {
    // A renewal under way would put it there again.
    await this.renewal;
    const { revision } = this;
    this.lose();
    if (revision === null) return;
    try {
      await this.kv.delete(this.key, { ifRevision: revision });
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }

  private async write(sentAt: number, ifRevision: number): Promise<boolean> {
    const value: Json = { owner: this.owner };
    try {
      this.revision = await this.kv.put(this.key, value, { ifRevision, ttlMs: this.leaseMs });
      this.confirmedAt = Math.max(this.confirmedAt, sentAt);
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  private lose(): false {
    this.revision = null;
    return false;
  }

  private get key(): string {
    return `${leasePrefix}${this.partition}`;
  }
}

export function ownerOf({ value }: KvEntry): string {
  return String((value as { readonly owner?: Json }).owner);
}

function isConflict(error: unknown): boolean {
  return isLlmteamError(error) && error.code === 'REVISION_CONFLICT';
}
