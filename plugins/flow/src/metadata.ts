import type { ControlType, JsonObject, PortSpec, StepTypeMetadata } from '@llmteam/contracts';
import type { Static, TSchema } from 'typebox';

/** What differs from one control type to the next. */
interface Description<Config extends TSchema> {
  readonly type_id: string;
  readonly display_name: string;
  readonly description: string;
  readonly category?: StepTypeMetadata['category'];
  readonly icon: string;
  readonly color: string;
  readonly config: Config;
  readonly input_ports: readonly PortSpec[];
  readonly output_ports: readonly PortSpec[];
  /** Waits for time, people, signals or other runs. */
  readonly waits?: boolean;
  readonly examples: readonly Static<Config>[];
}

export const inputPort = port('input', 'What the step works on.');
export const nextPort = port('next', 'Where the region comes back: what one iteration gave.');
export const errorPort = port('error', 'The ErrorInfo, if the step failed.', 'object');

export function port(name: string, description: string, type: PortSpec['type'] = 'any'): PortSpec {
  return { name, type, description, required: false };
}

export function controlMetadata<Config extends TSchema>(told: Description<Config>): ControlType['metadata'] {
  return {
    type_id: told.type_id,
    display_name: told.display_name,
    description: told.description,
    category: told.category ?? 'control',
    icon: told.icon,
    color: told.color,
    config_schema: plain(told.config),
    input_ports: [...told.input_ports],
    output_ports: [...told.output_ports],
    supports_retry: false,
    supports_timeout: false,
    supports_parallel: true,
    is_async: told.waits ?? false,
    docs_url: `docs/contracts/step-catalog.md#${told.type_id}`,
    examples: told.examples.map(plain),
    permissions: [],
  };
}

/** TypeBox keeps notes of its own on a schema; the catalog is plain JSON. */
function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
