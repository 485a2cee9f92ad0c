/**
 * Purpose: a caller of a cluster, in the test's own process and with its own connection.
 * Owns: the record of what was asked for and what was accepted, and what the journal was seen to say; asking again after an error that
 * passes, as a caller would.
 */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { open_memory_backend, system_clock } from '@llmteam/backend-embedded';
import { default_settings, type NatsBackend, open_nats_backend } from '@llmteam/backend-nats';
import { type Fact, is_llmteam_error, type Json, type RunKey, type Segment } from '@llmteam/contracts';
import {
  AnnouncedTypes,
  create_expression_compiler,
  create_run_service,
  Definitions,
  define_segment,
  LargeValueJournal,
  type RunService,
  SegmentStore,
} from '@llmteam/kernel';
import { load_config, load_plugins } from '@llmteam/service-host';
import { quiet_logger } from '../../support/quiet-logger.js';

export const tenant_id = 'acme';
const again_ms = 50;
const look_again_ms = 10;

interface Parts {
  readonly backend: NatsBackend;
  readonly runs: RunService;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly announced: AnnouncedTypes;
  readonly catalog: Awaited<ReturnType<typeof load_plugins>>['catalog'];
}

export interface AskedRun {
  readonly segment_id: string;
  readonly input: Json;
  /** Epoch milliseconds; null: no answer said so yet. */
  accepted_at: number | null;
}

export class ClusterClient {
  /** Every run that was asked for, by id. */
  readonly asked = new Map<string, AskedRun>();
  /** Calls that were repeated because the server did not answer. */
  repeats = 0;
  /** When the journal was last seen to grow, by `performance.now()`. */
  grew_at = performance.now();
  private readonly seen = new Map<string, Fact[]>();
  private readonly ended = new Set<string>();
  private readonly hashes = new Map<string, string>();
  private readonly closing = new AbortController();
  private following: Promise<unknown> = Promise.resolve();

  private constructor(private readonly parts: Parts) {
    // Every wait listens.
    setMaxListeners(0, this.closing.signal);
  }

  static async open(
    url: string,
    namespace: string,
    partitions: number,
    dedupe_window_ms: number,
  ): Promise<ClusterClient> {
    const clock = system_clock();
    const log = quiet_logger;
    const settings = { ...default_settings, servers: [url], namespace, partitions, dedupe_window_ms };
    const { index } = await open_memory_backend({ clock });
    const backend = await open_nats_backend({ settings, name: 'the client of a test', clock, log, index });
    const { catalog } = await load_plugins(load_config(null, {}), log);
    const { registry, blobs } = backend;
    const announced = new AnnouncedTypes({ registry, catalog, clock, log });
    await announced.start();
    const definitions = new Definitions(blobs, catalog, create_expression_compiler());
    const journal = new LargeValueJournal(backend.journal, blobs);
    const runs = create_run_service({ journal, index, definitions, clock, new_id: randomUUID });
    const segments = new SegmentStore(registry, definitions);
    const client = new ClusterClient({ backend, runs, definitions, segments, announced, catalog });
    client.follow_all();
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

  /** Of the newest version of every step type that workers have announced. */
  async publish(segments: readonly Segment[]): Promise<void> {
    for (const segment of segments) {
      const definition = define_segment(segment, this.parts.catalog);
      const { definition: hash } = await this.parts.segments.publish(tenant_id, definition);
      this.hashes.set(segment.segment_id, hash);
    }
  }

  /** Settles once a worker's announcement of this version is known here. */
  async until_type(type_id: string, version: string): Promise<void> {
    while (this.parts.catalog.find(type_id, version) === undefined) await sleep(look_again_ms);
  }

  /** Settles once the run was accepted. */
  async start(segment_id: string, input: Json, run_id: string): Promise<RunKey> {
    const definition = this.hashes.get(segment_id);
    if (definition === undefined) throw new Error(`segment '${segment_id}' is not published`);
    const asked: AskedRun = { segment_id, input, accepted_at: null };
    this.asked.set(run_id, asked);
    const key = await this.until_answered(() => this.runs.start({ tenant_id, definition, input, run_id }));
    asked.accepted_at = Date.now();
    return key;
  }

  /** Asks again for as long as the server does not answer. */
  async until_answered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const passes = is_llmteam_error(error) && error.recoverable;
        if (!passes || this.closing.signal.aborted) throw error;
        this.repeats += 1;
        await sleep(again_ms);
      }
    }
  }

  facts_of(run_id: string): readonly Fact[] {
    return this.seen.get(run_id) ?? [];
  }

  /** Runs whose end the journal has told. */
  get ended_runs(): ReadonlySet<string> {
    return this.ended;
  }

  /** Settles with the first fact of the run that is meant. @throws once the client closes */
  async until_fact<T extends Fact>(run_id: string, is_meant: (fact: Fact) => fact is T): Promise<T> {
    for (;;) {
      const found = this.facts_of(run_id).find(is_meant);
      if (found !== undefined) return found;
      await sleep(look_again_ms, undefined, { signal: this.closing.signal });
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.following;
    await this.parts.announced.stop();
    await this.backend.close();
  }

  private follow_all(): void {
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
      if (batch.length > 0) this.grew_at = performance.now();
    }
  }
}
