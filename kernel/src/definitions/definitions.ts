/**
 * Purpose: stores definitions by content hash and compiles them into plans that runs execute.
 * Owns: the caches of plans and definitions, bounded by the number of their steps and bytes. Does not own: storage of the bytes (Blobs).
 */
import { type Blobs, caps, type Definition, LlmteamError } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import type { ExpressionCompiler } from '../engine/expression.js';
import { compilePlan, type Plan } from '../engine/plan.js';
import { bareType, type StepTypes } from '../engine/step-plan.js';

const cachedSteps = 200_000;
/** Bytes of JSON: at least one definition of the largest size. */
const cachedBytes = 2 * caps.segment_bytes;

interface Parsed {
  readonly definition: Definition;
  readonly bytes: number;
}

export class Definitions {
  private readonly plans = new LRUCache<string, Plan>({
    maxSize: cachedSteps,
    sizeCalculation: (plan) => plan.steps.length,
  });
  /** Definitions that were read lately; what many ask for at once is read once. */
  private readonly parsed = new LRUCache<string, Parsed>({
    maxSize: cachedBytes,
    sizeCalculation: ({ bytes }) => bytes,
    fetchMethod: (hash) => this.read(hash),
  });
  /** Hashes of definitions this process has stored, by object identity. */
  private readonly known = new WeakMap<Definition, string>();

  constructor(
    private readonly blobs: Blobs,
    private readonly types: StepTypes,
    private readonly compiler: ExpressionCompiler,
    /** Called for a step type that is not in `types`; may add it. */
    private readonly lookUp: (typeId: string, version: string) => Promise<void> = async () => undefined,
  ) {}

  /** Stores a definition and returns its content hash. @throws LlmteamError `SEGMENT_INVALID` */
  async put(definition: Definition): Promise<string> {
    const known = this.known.get(definition);
    if (known !== undefined) return known;
    const plan = compilePlan(definition, this.types, this.compiler);
    const hash = await this.blobs.put(new TextEncoder().encode(JSON.stringify(definition)));
    this.plans.set(hash, plan);
    this.known.set(definition, hash);
    return hash;
  }

  /** The plan of a definition if it is cached. */
  cachedPlan(hash: string): Plan | undefined {
    return this.plans.get(hash);
  }

  /** @throws LlmteamError `BLOB_MISSING`, or `SEGMENT_INVALID` if a step type is no longer installed in the fixed version. */
  async plan(hash: string): Promise<Plan> {
    const cached = this.plans.get(hash);
    if (cached !== undefined) return cached;
    const definition = await this.get(hash);
    await this.findTypes(definition);
    const plan = compilePlan(definition, this.types, this.compiler);
    this.plans.set(hash, plan);
    return plan;
  }

  private async findTypes({ step_types }: Definition): Promise<void> {
    const named = Object.entries(step_types).map(([type, version]) => ({ type_id: bareType(type), version }));
    const unknown = named.filter(({ type_id, version }) => this.types.find(type_id, version) === undefined);
    await Promise.all(unknown.map(({ type_id, version }) => this.lookUp(type_id, version)));
  }

  /** @throws LlmteamError `BLOB_MISSING` */
  async get(hash: string): Promise<Definition> {
    const { definition } = (await this.parsed.fetch(hash)) ?? (await this.read(hash));
    return definition;
  }

  private async read(hash: string): Promise<Parsed> {
    const stored = await this.blobs.get(hash);
    try {
      return { definition: JSON.parse(new TextDecoder().decode(stored)), bytes: stored.length };
    } catch (cause) {
      throw new LlmteamError('STORE_CORRUPT', `definition ${hash} is not JSON`, { cause });
    }
  }
}
