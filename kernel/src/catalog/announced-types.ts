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

/** A step type, and who provides it, which older workers did not say. */
export interface AnnouncedType extends StepTypeMetadata {
  /** The name of the plugin. */
  readonly plugin?: string;
  /** Part of LLMTeam. */
  readonly is_built_in?: boolean;
}

/**
 * Announces the types a worker serves.
 * @throws LlmteamError `PLUGIN_DUPLICATE` if a version was announced with another contract, or as that of another plugin
 */
export async function announceTypes(kv: KvStore, workerId: string, types: readonly AnnouncedType[]): Promise<void> {
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

async function announce(kv: KvStore, workerId: string, type: AnnouncedType): Promise<void> {
  const key = keyOf(type.type_id, type.version);
  const value = JSON.parse(JSON.stringify(type)) as Json;
  for (;;) {
    const present = await kv.get(key);
    if (present !== null) {
      if (isDeepStrictEqual(contractOf(present.value), contractOf(value)) && !isOfAnother(present.value, type)) return;
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

function contractOf(announced: Json): JsonObject {
  const { plugin: _, is_built_in: __, ...metadata } = announced as JsonObject;
  return metadataContract(metadata) as JsonObject;
}

function isOfAnother(present: Json, { plugin }: AnnouncedType): boolean {
  const { plugin: known } = present as JsonObject;
  return known !== undefined && plugin !== undefined && known !== plugin;
}

async function conflict(kv: KvStore, workerId: string, type: AnnouncedType, { value }: KvEntry): Promise<LlmteamError> {
  const { type_id, version } = type;
  const workers = await listWorkers(kv);
  const [other] = workers.filter(({ types }) =>
    types.some((one) => one.type_id === type_id && one.version === version),
  );
  const who = other === undefined ? 'a worker that is gone' : `worker '${other.worker_id}'`;
  if (isOfAnother(value, type)) {
    const plugins = `from plugin '${type.plugin}', which ${who} announced from plugin '${(value as JsonObject).plugin}'`;
    return new LlmteamError(
      'PLUGIN_DUPLICATE',
      `worker '${workerId}' provides step type '${type_id}' ${version} ${plugins}; only one of them may run in an installation`,
    );
  }
  const known = contractOf(value);
  const given = contractOf(JSON.parse(JSON.stringify(type)));
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
    const { plugin = 'a worker', is_built_in = true, ...metadata } = (found.value ?? {}) as unknown as AnnouncedType;
    if (this.check(metadata)) catalog.announce(metadata, plugin, is_built_in);
    else
      log.warn({ key: found.key, faults: this.check.errors }, 'ignoring an announced step type with invalid metadata');
  }
}

function keyOf(typeId: string, version: string): string {
  return `${prefix}${typeId}/${version}`;
}
