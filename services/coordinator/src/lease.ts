/**
 * Purpose: the lease of one partition: who may work on it, and until when.
 * Owns: acquiring, renewing and releasing it. Does not own: deciding who should have it.
 * Invariants: acquired only if nobody holds it (compare-and-swap by revision); `isHeld` becomes false by the local clock before
 * anybody else can acquire it, even if no timer fires: a process that was suspended sees it false when it resumes.
 */
import { type Clock, isLlmteamError, type Json, type KvEntry, type KvStore } from '@llmteam/contracts';
import { partitionLeaseKey } from '@llmteam/kernel';

/** The fraction of the lease time that is relied on; the rest is a margin for writes already started. */
const trustedFraction = 0.7;

export class Lease {
  private revision: number | null = null;
  /** When the last successful write was sent; the store's TTL starts later than that. */
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

  /** By the local clock. */
  get trustedUntil(): number {
    return this.confirmedAt + trustedFraction * this.leaseMs;
  }

  /** False if another process holds it. @throws LlmteamError of the key-value store */
  async acquire(): Promise<boolean> {
    const sentAt = this.clock.now();
    const present = await this.kv.get(this.key);
    if (present !== null && ownerOf(present) !== this.owner) return this.lose();
    return this.write(sentAt, present?.revision ?? 0);
  }

  /** False if it is lost. If it cannot be renewed now, it expires in time. @throws LlmteamError of the key-value store */
  async renew(): Promise<boolean> {
    if (this.revision === null) return false;
    const sentAt = this.clock.now();
    // A renewal is already in flight; after a whole lease without an answer it is considered dead.
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
    // The conflict may be our own earlier write whose answer was lost: then we still hold it, under another revision.
    return this.acquire();
  }

  /** Lets others acquire it at once. @throws LlmteamError of the key-value store */
  async release(): Promise<void> {
    // A renewal in flight would write it again.
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
    return partitionLeaseKey(this.partition);
  }
}

export function ownerOf({ value }: KvEntry): string {
  return String((value as { readonly owner?: Json }).owner);
}

function isConflict(error: unknown): boolean {
  return isLlmteamError(error) && error.code === 'REVISION_CONFLICT';
}
