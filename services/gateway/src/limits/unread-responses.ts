/** A response that is in memory until its client has taken it. */
export interface UnreadResponse {
  readonly bytes: number;
  /** Closes its connection. */
  cutOff(): void;
}

/**
 * Bounds what the clients of a tenant have asked for and not taken. Beyond that, those that have taken nothing for longest are cut off, so that
 * clients that take their responses need not wait for others.
 */
export class UnreadResponses {
  /** By tenant, the oldest first. */
  private readonly tenants = new Map<string, Set<UnreadResponse>>();

  constructor(private readonly maxBytes: number) {}

  /** The returned function removes the response again: its client has taken it, or is gone. */
  add(tenantId: string, response: UnreadResponse): () => void {
    const unread = this.tenants.get(tenantId) ?? new Set();
    this.tenants.set(tenantId, unread.add(response));
    this.cutOffOldest(unread, response);
    return () => {
      unread.delete(response);
      if (unread.size === 0) this.tenants.delete(tenantId);
    };
  }

  private cutOffOldest(unread: Set<UnreadResponse>, newest: UnreadResponse): void {
    let excess = -this.maxBytes;
    for (const { bytes } of unread) excess += bytes;
    for (const oldest of unread) {
      if (excess <= 0 || oldest === newest) return;
      excess -= oldest.bytes;
      unread.delete(oldest);
      oldest.cutOff();
    }
  }
}
