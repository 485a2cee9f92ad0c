import type { ConfigProblems } from './config-problems.js';
import type { DraftStep } from './draft.js';

export type Direction = 'input' | 'output';

/** Every step has this port, which takes its failure. */
export const failurePort = 'error';

/** The ports of a step according to its type, its config and its own list; null if any port is allowed or they are unknown. */
export type PortLookup = (step: DraftStep, direction: Direction) => ReadonlySet<string> | null;

export function portLookup(problemsOf: ConfigProblems): PortLookup {
  const books = { input: new Map<DraftStep, Names>(), output: new Map<DraftStep, Names>() };
  return (step, direction) => {
    const known = books[direction].get(step);
    if (known !== undefined) return known;
    const names = portsOf(step, direction, problemsOf);
    books[direction].set(step, names);
    return names;
  };
}

type Names = ReadonlySet<string> | null;

function portsOf(step: DraftStep, direction: Direction, problemsOf: ConfigProblems): Names {
  const { entry } = step;
  if (entry === null) return null;
  const { input_ports, output_ports } = entry.metadata;
  const byType = (direction === 'input' ? input_ports : output_ports).map((port) => port.name);
  const byStep = direction === 'input' ? step.input_ports : [...step.output_ports, failurePort];
  const byConfig = configuredPorts(step, direction, problemsOf);
  if (byConfig === null || byType.includes('*') || byConfig.includes('*')) return null;
  return new Set([...byType, ...byConfig, ...byStep]);
}

/** The ports a type derives from the config; null if the config is invalid. */
export function configuredPorts(
  step: DraftStep,
  direction: Direction,
  problemsOf: ConfigProblems,
): readonly string[] | null {
  const control = step.entry?.control;
  if (control?.ports === undefined) return [];
  if (step.config === null || problemsOf(step).length > 0) return null;
  try {
    const names: unknown = control.ports(step.config)[direction] ?? [];
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : null;
  } catch {
    // `ports` may assume a config that fits its schema; one with unresolved `${…}` may not fit yet.
    return null;
  }
}
