/**
 * Purpose: stores definitions by content hash and compiles them into plans that runs execute.
 * Owns: the plan cache, bounded by its total number of steps. Does not own: storage of the bytes (Blobs).
 */
import { type Blobs, type Definition, LlmteamError } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import type { ExpressionCompiler } from '../engine/expression.js';
import { bareType, compilePlan, type Plan, type StepTypes } from '../engine/plan.js';

const cachedSteps = 200_000;

export class Definitions {
  private readonly plans = new LRUCache<string, Plan>({
    maxSize: cachedSteps,
    sizeCalculation: (plan) => plan.steps.length,
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

  /** @throws LlmteamError `BLOB_MISSING`, or `SEGMENT_INVALID` if a step type is no longer installed in that version. */
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

  async get(hash: string): Promise<Definition> {
    const text = new TextDecoder().decode(await this.blobs.get(hash));
    try {
      return JSON.parse(text) as Definition;
    } catch (cause) {
      throw new LlmteamError('STORE_CORRUPT', `definition ${hash} is not JSON`, { cause });
    }
  }
}
