import type { FiredPorts, StepContext, TaskType } from '@llmteam/contracts';
import type { Static, TObject, TProperties, TSchema, TUnknown } from 'typebox';
import { type Appearance, describe } from './describe.js';
import type { Resources } from './resources.js';
import type { ValueOf } from './value-of.js';

/** The values on output ports: `Type.Optional` marks a port that need not fire. */
export type PortValues<Outputs extends TProperties> = OrUndefined<Static<TObject<Outputs>>>;

/** An optional port may also be given as undefined, as it is where branches of a handler fire different ports. */
type OrUndefined<Values> = {
  [Port in keyof Values]: Record<never, never> extends Pick<Values, Port> ? Values[Port] | undefined : Values[Port];
};

type PortsOf<Values> = Values extends unknown ? keyof Values : never;

/** A port that is not declared does not compile, and the message names it. */
type OnlyDeclared<Values, Outputs> = [Exclude<PortsOf<Values>, keyof Outputs>] extends [never]
  ? unknown
  : { readonly run: `port '${Exclude<PortsOf<Values>, keyof Outputs> & string}' is not declared in outputs` };

type NoConfig = TObject<Record<never, never>>;
type AnyOutput = { output: TUnknown };

type NoInputs = Record<never, never>;

/** What a handler of `defineTask` is given: the context, with what the plugin's `start` returned and the values on its further ports. */
export type TaskContext<Shared = unknown, Inputs extends TProperties = NoInputs> = Omit<
  StepContext<Shared>,
  'ports'
> & {
  /** Values on input ports other than `input`. */
  readonly ports: Readonly<ValueOf<TObject<Inputs>>>;
};

/** A task step type. Everything but `type` and `run` has a default. */
export interface TaskDefinition<
  Config extends TSchema,
  Input extends TSchema,
  Outputs extends TProperties,
  Shared,
  Values,
  Inputs extends TProperties = TProperties,
> extends Appearance<Config> {
  /** The value on port `input`; `Type.Optional` or a default if the step does without. Default: anything. */
  readonly input?: Input;
  /** Further input ports by name; their values are `context.ports`. */
  readonly inputs?: Inputs;
  /** Output ports by name. Default: `output` of any type. */
  readonly outputs?: Outputs;
  /** What the handler uses of the manifest's permissions. Default: all of it. */
  readonly permissions?: readonly string[];
  /** Maximum number of concurrent attempts per worker. Default 16. */
  readonly concurrency?: number;
  /** Whether the step waits for the outside world, so that its start is worth an event of its own. Default false. */
  readonly isAsync?: boolean;
  /** What the plugin opens once for all its handlers. */
  readonly resources?: Resources<Shared>;
  /**
   * @returns the values by output port
   * @throws LlmteamError with a code; `recoverable` decides whether the step's retry policy applies. Any other error is retried.
   */
  run(context: TaskContext<Shared, Inputs>, config: ValueOf<Config>, input: ValueOf<Input>): Values | Promise<Values>;
}

/** A task type whose config, input and output are typed by their schemas. @throws TypeError if the definition contradicts itself */
export function defineTask<
  const Config extends TSchema = NoConfig,
  const Input extends TSchema = TUnknown,
  const Outputs extends TProperties = AnyOutput,
  Shared = undefined,
  Values extends PortValues<Outputs> = PortValues<Outputs>,
  const Inputs extends TProperties = NoInputs,
>(
  definition: TaskDefinition<Config, Input, Outputs, Shared, Values, Inputs> & OnlyDeclared<Values, Outputs>,
): TaskType<ValueOf<Config>, Shared> {
  const { concurrency, permissions, resources, isAsync = false } = definition;
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    throw new TypeError(
      `step type '${definition.type}': concurrency is ${concurrency}, expected a whole number of at least 1`,
    );
  }
  const metadata = {
    ...describe(definition),
    is_async: isAsync,
    ...(permissions && { permissions: [...permissions] }),
  };
  const type: TaskType<ValueOf<Config>, Shared> = {
    kind: 'task',
    metadata,
    ...(concurrency !== undefined && { concurrency }),
    run: async (context, config, input) => {
      const own = context as TaskContext<Shared, Inputs>;
      return (await definition.run(own, config, input as ValueOf<Input>)) as FiredPorts;
    },
  };
  resources?.usedBy(type);
  return type;
}
