import type { Json, JsonObject } from '../json.js';
import type { StepContext } from './step-context.js';
import type { StepTypeDescription } from './step-type.js';

/** `{port: value}`: the output ports an attempt fires. */
export type FiredPorts = Readonly<Record<string, Json>>;

/**
 * A step type whose handler runs on workers and may use what its permissions name, as far as the operator grants it.
 * Before the call the kernel checks `config` against `metadata.config_schema`, fills in its defaults and checks the values on the input
 * ports; after it, it checks the fired ports.
 */
export interface TaskType<Config = JsonObject, Resources = unknown> {
  readonly kind: 'task';
  readonly metadata: StepTypeDescription;
  /** Maximum number of concurrent attempts of this type per worker. Default 16. */
  readonly concurrency?: number;
  /**
   * After the attempt has timed out, the handler may respond to the abort at once with a `STEP_TIMEOUT` of its own, for example one that
   * is not recoverable; any other response is ignored.
   * @throws LlmteamError with a code; `recoverable` decides whether the step's retry policy applies.
   */
  run(context: StepContext<Resources>, config: Config, input: Json): Promise<FiredPorts>;
}
