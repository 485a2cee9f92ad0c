/**
 * Checks the values on the ports of a task step against what its type declares, and fills in the defaults of ports on which nothing arrived.
 * Ports that declare nothing cost nothing.
 */
import type { FiredPorts, Json, JsonObject, PortSpec, StepTypeMetadata } from '@llmteam/contracts';
import type { ConfigChecker } from './config-checker.js';

interface CheckedPort {
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: JsonObject | null;
}

/** What arrived on the input ports of a step. */
export interface ArrivedValues {
  readonly input: Json;
  /** On ports other than `input`. */
  readonly ports: JsonObject;
}

export class PortCheck {
  private readonly inputs: readonly CheckedPort[];
  private readonly outputs: readonly CheckedPort[];
  private readonly presets: readonly PortSpec[];

  constructor(
    { input_ports, output_ports }: Pick<StepTypeMetadata, 'input_ports' | 'output_ports'>,
    private readonly check: ConfigChecker,
  ) {
    this.inputs = input_ports.flatMap(checkedPort);
    this.outputs = output_ports.flatMap(checkedPort);
    this.presets = input_ports.filter((port) => port.default !== undefined && port.name !== '*');
  }

  /** With the defaults of ports on which nothing, or null, arrived. */
  complete({ input, ports }: ArrivedValues): ArrivedValues {
    if (this.presets.length === 0) return { input, ports };
    const values: Record<string, Json> = { ...ports, input };
    for (const { name, default: preset } of this.presets) values[name] ??= structuredClone(preset as Json);
    const { input: completed = null, ...others } = values;
    return { input: completed, ports: others };
  }

  /** What is wrong with the values that arrived; null if nothing is. Nothing arrived on a port whose value is null. */
  inputFault({ input, ports }: ArrivedValues): string | null {
    for (const port of this.inputs) {
      const value = (port.name === 'input' ? input : ports[port.name]) ?? null;
      if (value !== null) {
        const fault = this.valueFault(port, value, 'input port');
        if (fault !== null) return fault;
      } else if (port.isRequired && !this.allowsNull(port))
        return `input port '${port.name}' needs a value and got none`;
    }
    return null;
  }

  /** What is wrong with the ports that a handler fired; null if nothing is. */
  outputFault(fired: FiredPorts): string | null {
    for (const port of this.outputs) {
      const value = fired[port.name];
      if (value === undefined) {
        if (port.isRequired) return `did not fire port '${port.name}', which it always must`;
        continue;
      }
      const fault = this.valueFault(port, value, 'output port');
      if (fault !== null) return `fired a wrong value: ${fault}`;
    }
    return null;
  }

  private valueFault({ name, schema }: CheckedPort, value: Json, what: string): string | null {
    return schema === null ? null : this.check(schema, value as JsonObject, `${what} '${name}'`);
  }

  private allowsNull({ schema }: CheckedPort): boolean {
    return schema === null || this.check(schema, null as never) === null;
  }
}

/** `*` stands for any other name and says nothing about a value. */
function checkedPort({ name, type, required, schema }: PortSpec): CheckedPort[] {
  if (name === '*') return [];
  const parts = [...(type === 'any' ? [] : [{ type }]), ...(schema === undefined ? [] : [schema])];
  const [only] = parts;
  const whole = parts.length > 1 ? { allOf: parts } : (only ?? null);
  return whole === null && !required ? [] : [{ name, isRequired: required, schema: whole }];
}
