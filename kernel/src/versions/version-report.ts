/**
 * Purpose: what live runs are pinned to, for processes that do not follow the journal: a gateway keeps it in the key-value store.
 * Owns: the key and its age. Several gateways know the same, so whoever writes last is right.
 */
import type { Clock, Json, KvStore, Logger, Timer } from '@llmteam/contracts';
import { findVersionUses, type VersionUses, type VersionUsesDeps } from './version-uses.js';

const key = 'version_uses';
const everyMs = 30_000;
const ttlMs = 4 * everyMs;
/** Keeps the value far below what a key may hold. */
const most = { versions: 500, ids: 5 } as const;

/** null if no gateway has reported lately. */
export async function readVersionReport(kv: Pick<KvStore, 'get'>): Promise<VersionUses | null> {
  const found = await kv.get(key);
  return found === null ? null : (found.value as unknown as VersionUses);
}

export interface VersionReporterDeps extends Omit<VersionUsesDeps, 'segments'> {
  readonly kv: KvStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export class VersionReporter {
  private tick: Timer | null = null;
  private isStopped = false;
  private reporting: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: VersionReporterDeps) {}

  /** Reports now, and from now on at regular intervals. No-op once it is stopped. */
  start(): void {
    if (this.isStopped) return;
    this.reporting = this.report().catch((err: unknown) => {
      this.deps.log.warn({ err }, 'the versions that live runs need could not be reported');
    });
    this.tick = this.deps.clock.after(everyMs, () => {
      if (!this.isStopped) void this.reporting.then(() => this.isStopped || this.start());
    });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.tick?.cancel();
    await this.reporting;
  }

  private async report(): Promise<void> {
    const { kv, definitions, liveRuns } = this.deps;
    const { versions, is_complete } = await findVersionUses({ segments: none, definitions, liveRuns });
    if (this.isStopped) return;
    const listed = versions.slice(0, most.versions).map((use) => ({ ...use, runs: use.runs.slice(0, most.ids) }));
    const report: VersionUses = { versions: listed, is_complete: is_complete && listed.length === versions.length };
    await kv.put(key, report as unknown as Json, { ttlMs });
  }
}

/** Segments that are only stored keep nobody waiting. */
const none: VersionUsesDeps['segments'] = { listAll: async () => [] };
