import type { Json, JsonObject } from '../json.js';
import type { StepContext } from './step-context.js';
import type { StepTypeMetadata } from './step-type.js';

/** `{port: value}`: the output ports an attempt fires. */
export type FiredPorts = Readonly<Record<string, Json>>;

/**
 * A step type whose handler runs on workers and may use whatever its permissions grant.
 * The kernel checks `config` against `metadata.config_schema` before the call and the fired ports after it.
 */
export interface TaskType<Config = JsonObject> {
  readonly kind: 'task';
  readonly metadata: Omit<StepTypeMetadata, 'version'>;
  /** Maximum number of concurrent attempts of this type per worker. Default 16. */
  readonly concurrency?: number;
  /**
   * After the attempt has timed out, the handler may respond to the abort at once with a `STEP_TIMEOUT` of its own, for example one that
   * is not recoverable; any other response is ignored.
   * @throws LlmteamError with a code; `recoverable` decides whether the step's retry policy applies.
   */
  run(context: StepContext, config: Config, input: Json): Promise<FiredPorts>;
}
