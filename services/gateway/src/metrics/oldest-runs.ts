/**
 * Purpose: the age of the oldest live run of each segment and tenant.
 * Owns: how old an answer may be: a reading passes over all live runs of the installation, a few milliseconds for 100,000.
 */
import type { Clock } from '@llmteam/contracts';
import type { RunMeter } from '@llmteam/kernel';
import { Recent } from '@llmteam/service-host';

const freshMs = 10_000;

interface Oldest {
  readonly labels: { readonly segment_id: string; readonly tenant_id: string };
  readonly started_at: number;
}

export class OldestRuns {
  private readonly recent: Recent<readonly Oldest[]>;

  constructor(
    private readonly meter: Pick<RunMeter, 'starts'>,
    private readonly clock: Clock,
  ) {
    this.recent = new Recent(clock, freshMs, async () => this.find());
  }

  /** Seconds, for segments with a live run only. */
  async read(): Promise<{ labels: Oldest['labels']; value: number }[]> {
    const runs = await this.recent.get();
    const now = this.clock.now();
    return runs.map(({ labels, started_at }) => ({ labels, value: Math.max(0, now - started_at) / 1_000 }));
  }

  private find(): Oldest[] {
    const found = new Map<string, Oldest>();
    for (const { tenant_id, segment_id, started_at } of this.meter.starts()) {
      const key = `${tenant_id}/${segment_id}`;
      const known = found.get(key);
      if (known === undefined || started_at < known.started_at)
        found.set(key, { labels: { segment_id, tenant_id }, started_at });
    }
    return [...found.values()];
  }
}
