import type { Json, PortSpec, StepContext } from '@llmteam/contracts';

/** The defaults of input ports, for those on which nothing arrived: a handler may rely on them as on those of its config. */
export class PortPresets {
  private readonly presets: Readonly<Record<string, Json>>;
  private readonly hasOthers: boolean;

  constructor(ports: readonly PortSpec[]) {
    const preset = ports.filter((port) => port.default !== undefined);
    this.presets = Object.fromEntries(preset.map((port) => [port.name, port.default as Json]));
    this.hasOthers = preset.some(({ name }) => name !== 'input');
  }

  /** Nothing arrived on a port whose value is null. */
  input(value: Json): Json {
    return value ?? structuredClone(this.presets.input) ?? null;
  }

  fill<Resources>(context: StepContext<Resources>): StepContext<Resources> {
    if (!this.hasOthers) return context;
    const { input: _, ...others } = this.presets;
    const arrived = Object.entries(context.ports).filter(
      ([name, value]) => value !== null || !Object.hasOwn(others, name),
    );
    const ports = { ...structuredClone(others), ...Object.fromEntries(arrived) };
    // The members of a context are read from itself, which a copy or an heir would not be.
    return new Proxy(context, { get: (target, member) => (member === 'ports' ? ports : Reflect.get(target, member)) });
  }
}
