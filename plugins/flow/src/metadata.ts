import type { ControlType, JsonObject, PortSpec, StepTypeMetadata } from '@llmteam/contracts';
import type { Static, TSchema } from 'typebox';

/** The metadata that differs between control types. */
interface ControlSpec<Config extends TSchema> {
  readonly type_id: string;
  readonly display_name: string;
  readonly description: string;
  readonly category?: StepTypeMetadata['category'];
  readonly icon: string;
  readonly color: string;
  readonly config: Config;
  readonly input_ports: readonly PortSpec[];
  readonly output_ports: readonly PortSpec[];
  /** Whether it waits for time, people, signals or other runs. */
  readonly waits?: boolean;
  /** Whether `timeout_seconds` of the step limits it; for steps that take time. */
  readonly supports_timeout?: boolean;
  /** Whether `retry` of the step repeats it, with all that it starts. */
  readonly supports_retry?: boolean;
  readonly examples: readonly Static<Config>[];
}

export const inputPort = port('input', "The step's input.");
export const nextPort = port('next', 'The result of one iteration, returned by the region.');
export const errorPort = port('error', 'The ErrorInfo, if the step failed.', 'object');

export function port(name: string, description: string, type: PortSpec['type'] = 'any'): PortSpec {
  return { name, type, description, required: false };
}

export function controlMetadata<Config extends TSchema>(spec: ControlSpec<Config>): ControlType['metadata'] {
  return {
    type_id: spec.type_id,
    display_name: spec.display_name,
    description: spec.description,
    category: spec.category ?? 'control',
    icon: spec.icon,
    color: spec.color,
    config_schema: toPlainJson(spec.config),
    input_ports: [...spec.input_ports],
    output_ports: [...spec.output_ports],
    supports_retry: spec.supports_retry ?? false,
    supports_timeout: spec.supports_timeout ?? false,
    supports_parallel: true,
    is_async: spec.waits ?? false,
    docs_url: `docs/contracts/step-catalog.md#${spec.type_id}`,
    examples: spec.examples.map(toPlainJson),
    permissions: [],
  };
}

/** Strips TypeBox's own annotations: the catalog is plain JSON. */
function toPlainJson(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
