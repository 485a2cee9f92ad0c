/**
 * Purpose: step types whose code runs elsewhere: workers announce the types they serve; coordinators and gateways add them to their
 * catalogs.
 * Owns: the keys `step_types/<type_id>/<version>`. They never expire, so runs stay readable after the code of their version is gone.
 * Does not own: which workers are alive (live-workers.ts).
 * Invariant: a version of a type has exactly one contract (metadata-contract.ts); a worker that announces a different one is refused.
 * Texts for people may differ: those announced first are shown.
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  isLlmteamError,
  type Json,
  type JsonObject,
  type KvEntry,
  type KvStore,
  LlmteamError,
  type Logger,
  queueName,
  type StepTypeMetadata,
} from '@llmteam/contracts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { WatchedKeys } from '../kv/watched-keys.js';
import { makeAjv } from '../validation/schemas/ajv.js';
import { listWorkers } from './live-workers.js';
import { metadataContract } from './metadata-contract.js';
import { metadataSchema } from './metadata-schema.js';
import type { StepCatalog } from './step-catalog.js';

const prefix = 'step_types/';

/** Announces the types a worker serves. @throws LlmteamError `PLUGIN_DUPLICATE` if a version was announced with another contract */
export async function announceTypes(kv: KvStore, workerId: string, types: readonly StepTypeMetadata[]): Promise<void> {
  const faults: LlmteamError[] = [];
  for (const type of types) {
    await announce(kv, workerId, type).catch((error: unknown) => {
      if (!isLlmteamError(error) || error.code !== 'PLUGIN_DUPLICATE') throw error;
      faults.push(error);
    });
  }
  const [first] = faults;
  if (first === undefined) return;
  throw new LlmteamError(first.code, faults.map(({ message }) => message).join('\n'), { cause: first });
}

async function announce(kv: KvStore, workerId: string, type: StepTypeMetadata): Promise<void> {
  const key = keyOf(type.type_id, type.version);
  const value = JSON.parse(JSON.stringify(type)) as Json;
  for (;;) {
    const present = await kv.get(key);
    if (present !== null) {
      if (isDeepStrictEqual(metadataContract(present.value), metadataContract(value))) return;
      throw await conflict(kv, workerId, type, present);
    }
    try {
      await kv.put(key, value, { ifRevision: 0 });
      return;
    } catch (error) {
      // Another worker announced it at the same moment; compare with its contract.
      if (!isLlmteamError(error) || error.code !== 'REVISION_CONFLICT') throw error;
    }
  }
}

async function conflict(
  kv: KvStore,
  workerId: string,
  type: StepTypeMetadata,
  { value }: KvEntry,
): Promise<LlmteamError> {
  const { type_id, version } = type;
  const workers = await listWorkers(kv);
  const [other] = workers.filter(({ types }) =>
    types.some((one) => one.type_id === type_id && one.version === version),
  );
  const who = other === undefined ? 'a worker that is gone' : `worker '${other.worker_id}'`;
  const known = metadataContract(value) as JsonObject;
  const given = metadataContract(JSON.parse(JSON.stringify(type))) as JsonObject;
  const keys = new Set([...Object.keys(known), ...Object.keys(given)]);
  const differing = [...keys].filter((key) => !isDeepStrictEqual(known[key], given[key]));
  const message = `worker '${workerId}' provides step type '${type_id}' ${version} with a different ${differing.sort().join(', ')} than ${who} announced`;
  return new LlmteamError('PLUGIN_DUPLICATE', `${message}; a plugin that changes needs a new version`);
}

/** The queues (`type@major`) of all types ever announced. */
export async function announcedQueues(kv: KvStore): Promise<string[]> {
  const found = await kv.list(prefix);
  const queues = found.map(({ value }) => {
    const { type_id, version } = value as StepTypeMetadata;
    return queueName(type_id, version);
  });
  return [...new Set(queues)].sort();
}

export interface AnnouncedTypesOptions {
  readonly kv: KvStore;
  readonly catalog: StepCatalog;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps adding announced types to a catalog; types the catalog already has are not replaced. */
export class AnnouncedTypes {
  private readonly watched: WatchedKeys;
  private readonly seen = new Set<string>();
  private check: ValidateFunction | null = null;

  constructor(private readonly options: AnnouncedTypesOptions) {
    const { kv, clock, log } = options;
    this.watched = new WatchedKeys({ kv, prefix, clock, log, changed: () => this.takeAll() });
  }

  /** Resolves once the catalog has every type announced so far. @throws LlmteamError of the key-value store */
  start(): Promise<void> {
    return this.watched.start();
  }

  stop(): Promise<void> {
    return this.watched.stop();
  }

  /** Reads one type from the key-value store, because the watch may not have delivered a recent announcement yet. */
  async lookUp(typeId: string, version: string): Promise<void> {
    const found = await this.options.kv.get(keyOf(typeId, version));
    if (found !== null) this.take(found);
  }

  private takeAll(): void {
    for (const value of this.watched.values.values()) this.take(value);
  }

  private take(found: KvEntry): void {
    const name = `${found.key}#${found.revision}`;
    if (this.seen.has(name)) return;
    this.seen.add(name);
    this.check ??= makeAjv().compile(metadataSchema);
    const { catalog, log } = this.options;
    if (this.check(found.value)) catalog.announce(found.value as StepTypeMetadata, 'a worker');
    else
      log.warn({ key: found.key, faults: this.check.errors }, 'ignoring an announced step type with invalid metadata');
  }
}

function keyOf(typeId: string, version: string): string {
  return `${prefix}${typeId}/${version}`;
}
