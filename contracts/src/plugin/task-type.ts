import type { Json, JsonObject } from '../json.js';
import type { StepContext } from './step-context.js';
import type { StepTypeMetadata } from './step-type.js';

/** `{port: value}`: the output ports an attempt fires. */
export type FiredPorts = Readonly<Record<string, Json>>;

/**
 * A step type whose handler runs on workers and may do anything its permissions grant.
 * The kernel checks `config` against `metadata.config_schema` before, and the ports fired after.
 */
export interface TaskType<Config = JsonObject> {
  readonly kind: 'task';
  readonly metadata: Omit<StepTypeMetadata, 'version'>;
  /** Attempts of this type one worker runs at a time. Default 16. */
  readonly concurrency?: number;
  /** @throws LlmteamError with a code; `recoverable` decides whether the step's retry policy applies. */
  run(context: StepContext, config: Config, input: Json): Promise<FiredPorts>;
}
