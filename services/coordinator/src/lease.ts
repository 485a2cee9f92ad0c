/**
 * Purpose: the lease of one partition: who may work on it, until when.
 * Owns: taking it, keeping it, giving it back. Does not own: deciding who should have it.
 * Invariants: taken only if nobody has it (by revision); `is_held` turns false by our own clock before anybody else can take it, also if
 * no timer fires: a process that was stopped for a while finds it false when it wakes.
 */
import { type Clock, is_llmteam_error, type Json, type Registry, type RegistryValue } from '@llmteam/contracts';

export const lease_prefix = 'leases/';

/** Of the time a lease lasts; what is left is for what was begun just before. */
const trusted_part = 0.7;

export class Lease {
  private revision: number | null = null;
  /** When the last write that was kept was sent: the registry counts from later. */
  private confirmed_at = Number.NEGATIVE_INFINITY;
  private renewing_since = Number.NEGATIVE_INFINITY;
  private renewal: Promise<unknown> = Promise.resolve();

  constructor(
    readonly partition: number,
    private readonly owner: string,
    private readonly lease_ms: number,
    private readonly registry: Registry,
    private readonly clock: Clock,
  ) {}

  get is_held(): boolean {
    return this.revision !== null && this.clock.now() < this.trusted_until;
  }

  /** By our own clock. */
  get trusted_until(): number {
    return this.confirmed_at + trusted_part * this.lease_ms;
  }

  /** False if another has it. @throws LlmteamError of the registry */
  async acquire(): Promise<boolean> {
    const sent_at = this.clock.now();
    const present = await this.registry.get(this.key);
    if (present !== null && owner_of(present) !== this.owner) return this.lose();
    return this.write(sent_at, present?.revision ?? 0);
  }

  /** False if it is lost for good. One that cannot be renewed now grows old. @throws LlmteamError of the registry */
  async renew(): Promise<boolean> {
    if (this.revision === null) return false;
    const sent_at = this.clock.now();
    // One that got no answer for so long will get none.
    if (sent_at - this.renewing_since < this.lease_ms) return true;
    this.renewing_since = sent_at;
    const renewal = this.write_again(sent_at, this.revision);
    this.renewal = renewal.catch(() => undefined);
    return renewal.finally(() => {
      this.renewing_since = Number.NEGATIVE_INFINITY;
    });
  }

  private async write_again(sent_at: number, revision: number): Promise<boolean> {
    if (await this.write(sent_at, revision)) return true;
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
      await this.registry.delete(this.key, { if_revision: revision });
    } catch (error) {
      if (!is_conflict(error)) throw error;
    }
  }

  private async write(sent_at: number, if_revision: number): Promise<boolean> {
    const value: Json = { owner: this.owner };
    try {
      this.revision = await this.registry.put(this.key, value, { if_revision, ttl_ms: this.lease_ms });
      this.confirmed_at = Math.max(this.confirmed_at, sent_at);
      return true;
    } catch (error) {
      if (is_conflict(error)) return false;
      throw error;
    }
  }

  private lose(): false {
    this.revision = null;
    return false;
  }

  private get key(): string {
    return `${lease_prefix}${this.partition}`;
  }
}

export function owner_of({ value }: RegistryValue): string {
  return String((value as { readonly owner?: Json }).owner);
}

function is_conflict(error: unknown): boolean {
  return is_llmteam_error(error) && error.code === 'REVISION_CONFLICT';
}
