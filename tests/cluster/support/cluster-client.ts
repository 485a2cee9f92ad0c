/**
 * Purpose: a client of a cluster, in the test process and with its own connection.
 * Owns: the record of what was requested and accepted and of what was seen in the journal; retrying after transient errors,
 * as a real client would.
 */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openMemoryBackend } from '@llmteam/backend-embedded';
import { defaultSettings, type NatsBackend, openNatsBackend } from '@llmteam/backend-nats';
import { type Fact, isLlmteamError, type Json, type RunKey, type Segment } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  LargeValueJournal,
  type RunService,
  SegmentStore,
} from '@llmteam/kernel';
import { loadConfig, loadPlugins, systemClock } from '@llmteam/service-host';
import { quietLogger } from '../../support/quiet-logger.js';

export const tenantId = 'acme';
const againMs = 50;
const lookAgainMs = 10;

interface Parts {
  readonly backend: NatsBackend;
  readonly runs: RunService;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly announced: AnnouncedTypes;
  readonly catalog: Awaited<ReturnType<typeof loadPlugins>>['catalog'];
}

export interface AskedRun {
  readonly segment_id: string;
  readonly input: Json;
  /** Epoch milliseconds; null if not acknowledged yet. */
  acceptedAt: number | null;
}

export class ClusterClient {
  /** Every requested run, by id. */
  readonly asked = new Map<string, AskedRun>();
  /** Calls that were retried because the server did not respond. */
  repeats = 0;
  /** When the journal was last seen to grow (`performance.now()`). */
  grewAt = performance.now();
  private readonly seen = new Map<string, Fact[]>();
  private readonly ended = new Set<string>();
  private readonly hashes = new Map<string, string>();
  private readonly closing = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  private constructor(private readonly parts: Parts) {
    // Every wait adds a listener.
    setMaxListeners(0, this.closing.signal);
  }

  static async open(
    url: string,
    namespace: string,
    partitions: number,
    dedupeWindowMs: number,
  ): Promise<ClusterClient> {
    const clock = systemClock();
    const log = quietLogger;
    const settings = { ...defaultSettings, servers: [url], namespace, partitions, dedupeWindowMs };
    const { index } = await openMemoryBackend({ clock });
    const backend = await openNatsBackend({ settings, name: 'the client of a test', clock, log, index });
    const { catalog } = await loadPlugins(loadConfig(null, {}), log);
    const { kv, blobs } = backend;
    const announced = new AnnouncedTypes({ kv, catalog, clock, log });
    await announced.start();
    const definitions = new Definitions(blobs, catalog, createExpressionCompiler());
    const journal = new LargeValueJournal(backend.journal, blobs);
    const runs = createRunService({ journal, index, definitions, clock, newId: randomUUID });
    const segments = new SegmentStore(kv, definitions);
    const client = new ClusterClient({ backend, runs, definitions, segments, announced, catalog });
    client.followAll();
    return client;
  }

  get backend(): NatsBackend {
    return this.parts.backend;
  }

  get runs(): RunService {
    return this.parts.runs;
  }

  get definitions(): Definitions {
    return this.parts.definitions;
  }

  /** Publishes segments that use the newest announced version of every step type. */
  async publish(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) {
      const definition = defineSegment(segment, this.parts.catalog);
      const { definition: hash } = await this.parts.segments.publish(tenantId, definition);
      this.hashes.set(segment.segment_id, hash);
    }
  }

  /** Resolves once a worker's announcement of this version has arrived. */
  async untilType(typeId: string, version: string): Promise<void> {
    while (this.parts.catalog.find(typeId, version) === undefined) await sleep(lookAgainMs);
  }

  /** Resolves once the run is accepted. */
  async start(segmentId: string, input: Json, runId: string): Promise<RunKey> {
    const definition = this.hashes.get(segmentId);
    if (definition === undefined) throw new Error(`segment '${segmentId}' is not published`);
    const asked: AskedRun = { segment_id: segmentId, input, acceptedAt: null };
    this.asked.set(runId, asked);
    const key = await this.untilAnswered(() =>
      this.runs.start({ tenant_id: tenantId, definition, input, run_id: runId }),
    );
    asked.acceptedAt = Date.now();
    return key;
  }

  /** Retries for as long as the server does not respond. */
  async untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const passes = isLlmteamError(error) && error.recoverable;
        if (!passes || this.closing.signal.aborted) throw error;
        this.repeats += 1;
        await sleep(againMs);
      }
    }
  }

  factsOf(runId: string): readonly Fact[] {
    return this.seen.get(runId) ?? [];
  }

  /** Runs whose end was seen in the journal. */
  get endedRuns(): ReadonlySet<string> {
    return this.ended;
  }

  /** Resolves with the first matching fact of the run; rejects once the client closes. */
  async untilFact<T extends Fact>(runId: string, isMeant: (fact: Fact) => fact is T): Promise<T> {
    for (;;) {
      const found = this.factsOf(runId).find(isMeant);
      if (found !== undefined) return found;
      await sleep(lookAgainMs, undefined, { signal: this.closing.signal });
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.following;
    await this.parts.announced.stop();
    await this.backend.close();
  }

  private followAll(): void {
    const { partitions } = this.backend.journal;
    this.following = Promise.all(Array.from({ length: partitions }, (_, partition) => this.follow(partition)));
  }

  private async follow(partition: number): Promise<void> {
    for await (const batch of this.backend.journal.follow(partition, 0, this.closing.signal)) {
      for (const { run_id, fact } of batch) {
        const facts = this.seen.get(run_id);
        if (facts === undefined) this.seen.set(run_id, [fact]);
        else facts.push(fact);
        if (fact.type === 'run.ended') this.ended.add(run_id);
      }
      if (batch.length > 0) this.grewAt = performance.now();
    }
  }
}
