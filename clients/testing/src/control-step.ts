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
  createExpressionCompiler,
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
const directiveKinds: readonly string[] = [
  'complete',
  'fail',
  'open_scope',
  'close_scope',
  'start_timer',
  'stop_timer',
  'wait_signal',
  'open_task',
  'escalate_task',
  'start_child',
  'cancel_upstream',
  'emit',
] satisfies readonly Directive['do'][];

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
    const reaction = this.react(occurrence, now, around);
    const fault = reactionFault(reaction) ?? this.portFault(reaction.directives);
    if (fault !== null) throw new Error(`${type}, told '${occurrence.kind}': ${fault}`);
    if (reaction.state !== undefined) this.state = reaction.state;
    this.hasEnded = reaction.directives.some(ends);
    return reaction.directives;
  }

  /** An expression that fails ends the step, as in the engine. */
  private react(occurrence: Occurrence, now: number, around: Around): Reaction<unknown> {
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

  private portFault(directives: readonly Directive[]): string | null {
    const last = directives.at(-1);
    if (last?.do !== 'complete') return null;
    const unknown = Object.keys(last.ports).find((port) => !this.ports.has(port) && !this.ports.has('*'));
    if (unknown !== undefined) return `it fired port '${unknown}', which it does not have`;
    return this.type.firesAllPorts === true ? this.entry.ports.outputFault(last.ports) : null;
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

function reactionFault(reaction: { readonly directives?: unknown; readonly state?: unknown } | null): string | null {
  const { directives, state } = reaction ?? {};
  if (!Array.isArray(directives)) return 'it must return {directives: […]}, at once and not as a promise';
  if (state !== undefined && !isJson(state)) return 'its state is not JSON';
  if (!isJson(directives)) return 'its directives are not JSON';
  const list = directives as readonly Directive[];
  const unknown = list.find((one) => !directiveKinds.includes(one?.do));
  if (unknown !== undefined) return `unknown directive ${JSON.stringify(unknown)}`;
  if (list.slice(0, -1).some(ends)) return 'it returned directives after the end of the step';
  const timer = list.find(
    (one) => one.do === 'start_timer' && (one.at === undefined) === (one.after_seconds === undefined),
  );
  return timer === undefined ? null : 'start_timer needs exactly one of after_seconds and at';
}

function ends({ do: what }: Directive): boolean {
  return what === 'complete' || what === 'fail';
}

/** Whether a value survives the journal: members that are undefined do not count. */
function isJson(value: unknown): boolean {
  try {
    return isPlain(value);
  } catch {
    return false;
  }
}

/** Throws if the value contains itself. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return ['string', 'boolean', 'object'].includes(typeof value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((part) => part === undefined || isPlain(part));
}

function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}
