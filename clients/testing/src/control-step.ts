/**
 * Purpose: a step of a control type, with the engine's side of the contract: what is passed in is frozen, what comes back is checked, and a
 * step that has ended gets no more occurrences.
 */
import {
  type ControlType,
  type Directive,
  errorInfo,
  type FiredPorts,
  isLlmteamError,
  type Json,
  type JsonObject,
  LlmteamError,
  type Occurrence,
  type Reaction,
} from '@llmteam/contracts';
import {
  type CatalogEntry,
  type ConfigTemplate,
  checkedReaction,
  createExpressionCompiler,
  ends,
  StepCatalog,
  type Variables,
} from '@llmteam/kernel';

// biome-ignore lint/suspicious/noExplicitAny: a parameter that takes every control type needs the open parameters
export type AnyControlType = ControlType<any, any>;

export interface ControlInput {
  /** As a segment would give it, with `${…}` filled in. Default `{}`. */
  readonly config?: JsonObject;
  /** The value on port `input`. Default null. */
  readonly input?: Json;
  /** What expressions see as `run.input`. Default null. */
  readonly runInput?: Json;
  /** What expressions see as `steps.<id>`: fired ports by step id. */
  readonly steps?: Readonly<Record<string, FiredPorts>>;
}

/** Runs the type's own code, e.g. with a clock out of reach. */
export type Around = <Result>(body: () => Result) => Result;

const plainly: Around = (body) => body();
const version = '1.0.0';
export class ControlStep {
  state: unknown;
  hasEnded = false;
  private readonly entry: CatalogEntry;
  readonly config: JsonObject;
  private readonly ports: ReadonlySet<string>;
  private readonly template: ConfigTemplate;

  /** @throws LlmteamError `STEP_CONFIG_INVALID` */
  constructor(
    readonly type: AnyControlType,
    private readonly given: ControlInput,
  ) {
    this.entry = entryOf(type);
    this.config = frozen(this.entry.completeConfig(structuredClone(given.config ?? {})));
    const fault = this.entry.checkConfig(this.config);
    if (fault !== null) throw new LlmteamError('STEP_CONFIG_INVALID', `step type '${type.metadata.type_id}': ${fault}`);
    this.template = createExpressionCompiler().template(this.config, type.metadata.config_schema);
    const derived = type.ports?.(this.config).output ?? [];
    this.ports = new Set([...type.metadata.output_ports.map(({ name }) => name), ...derived]);
  }

  /** @throws Error naming what the type did wrong */
  tell(occurrence: Occurrence, now: number, around: Around = plainly): readonly Directive[] {
    const type = `step type '${this.type.metadata.type_id}'`;
    if (this.hasEnded) throw new Error(`'${occurrence.kind}' cannot be told to a step of ${type} that has ended`);
    const returned = this.react(occurrence, now, around);
    const { state, directives } = this.checked(returned, `${type}, told '${occurrence.kind}'`);
    if (state !== undefined) this.state = state;
    this.hasEnded = directives.some(ends);
    return directives;
  }

  /** An expression that fails ends the step, as in the engine. */
  private react(occurrence: Occurrence, now: number, around: Around): unknown {
    const { config, state } = this;
    const { input = null } = this.given;
    const view = { config, input: frozen(structuredClone(input)), state, now, evaluate: this.evaluate.bind(this) };
    const told = frozen(structuredClone(occurrence));
    try {
      return around(() => this.type.react(told, view));
    } catch (thrown) {
      if (!isLlmteamError(thrown) || thrown.code !== 'EXPRESSION_FAILED') throw thrown;
      return { directives: [{ do: 'fail', error: errorInfo('EXPRESSION_FAILED', thrown.message) }] };
    }
  }

  private evaluate(pointer: string, replace: Partial<Variables> = {}): Json {
    const expression = this.template.expressions.get(pointer);
    if (expression === undefined) throw new TypeError(`'${pointer}' of the config is not marked as an expression`);
    const { input = null, runInput = null, steps = {} } = this.given;
    const run = { id: 'test', input: runInput, segment_id: 'test', tenant_id: 'test' };
    const step = (id: string): FiredPorts | undefined => (Object.hasOwn(steps, id) ? steps[id] : undefined);
    return frozen(expression.evaluate({ run, input, ports: { input }, step, ...replace }));
  }

  private checked(returned: unknown, told: string): Reaction<unknown> {
    try {
      const reaction = checkedReaction(returned, this.state, (port) => this.ports.has(port) || this.ports.has('*'));
      const last = reaction.directives.at(-1);
      const isWhole = this.type.firesAllPorts === true && last?.do === 'complete';
      const fault = isWhole ? this.entry.ports.outputFault(last.ports) : null;
      if (fault === null) return reaction;
      throw new Error(fault);
    } catch (cause) {
      throw new Error(`${told}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

const entries = new WeakMap<AnyControlType, CatalogEntry>();

function entryOf(type: AnyControlType): CatalogEntry {
  const known = entries.get(type);
  if (known !== undefined) return known;
  const catalog = new StepCatalog();
  catalog.add(type, version, 'test');
  const entry = catalog.entries()[0] as CatalogEntry;
  entries.set(type, entry);
  return entry;
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
