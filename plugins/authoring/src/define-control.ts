import type { ControlType, ControlView, InnerStep, JsonObject, Occurrence, Reaction } from '@llmteam/contracts';
import type { TObject, TProperties, TSchema, TUnknown } from 'typebox';
import { type Appearance, describe } from './describe.js';
import type { ValueOf } from './value-of.js';

type NoConfig = TObject<Record<never, never>>;

/**
 * A control step type: a pure state machine inside the engine. `react` depends only on its arguments: no clock, no randomness, no I/O,
 * nothing kept between calls but `state`.
 */
export interface ControlDefinition<Config extends TSchema, State extends TSchema> extends Appearance<Config> {
  /** The state of a step between its reactions; JSON. */
  readonly state?: State;
  readonly input?: TSchema;
  readonly inputs?: TProperties;
  /** Output ports by name. Default: `output` of any type. */
  readonly outputs?: TProperties;
  readonly activation?: ControlType['activation'];
  readonly hasRegion?: boolean;
  readonly firesAllPorts?: boolean;
  catchesFailures?(config: ValueOf<Config>): boolean;
  ports?(config: ValueOf<Config>): { readonly input?: readonly string[]; readonly output?: readonly string[] };
  /** What a step may run with `run_step`. Not for types with a region. */
  innerSteps?(config: ValueOf<Config>): readonly InnerStep[];
  react(occurrence: Occurrence, view: ControlView<ValueOf<Config>, ValueOf<State>>): Reaction<ValueOf<State>>;
}

/** A control type whose config and state are typed by their schemas. @throws TypeError if the definition contradicts itself */
export function defineControl<const Config extends TSchema = NoConfig, const State extends TSchema = TUnknown>(
  definition: ControlDefinition<Config, State>,
): ControlType<ValueOf<Config>, ValueOf<State>> {
  const { activation, hasRegion, firesAllPorts } = definition;
  const { catchesFailures, innerSteps, ports } = definition;
  return {
    kind: 'control',
    metadata: { ...describe({ category: 'control', ...definition }), is_async: false, permissions: [] },
    ...(activation !== undefined && { activation }),
    ...(hasRegion !== undefined && { hasRegion }),
    ...(firesAllPorts !== undefined && { firesAllPorts }),
    ...(catchesFailures && {
      catchesFailures: (config: JsonObject) => catchesFailures.call(definition, config as ValueOf<Config>),
    }),
    ...(ports && { ports: (config: JsonObject) => ports.call(definition, config as ValueOf<Config>) }),
    ...(innerSteps && {
      innerSteps: (config: JsonObject) => innerSteps.call(definition, config as ValueOf<Config>),
    }),
    react: (occurrence, view) => definition.react(occurrence, view),
  };
}
