import type { ConfigProblems } from './config-problems.js';
import type { DraftStep } from './draft.js';

export type Direction = 'input' | 'output';

/** Every step may have an edge that takes its failure. */
const failure_port = 'error';

/** The ports a step has, by its type, its config and its own list; null: any, or not known. */
export type PortBook = (step: DraftStep, direction: Direction) => ReadonlySet<string> | null;

export function port_book(problems_of: ConfigProblems): PortBook {
  const books = { input: new Map<DraftStep, Names>(), output: new Map<DraftStep, Names>() };
  return (step, direction) => {
    const known = books[direction].get(step);
    if (known !== undefined) return known;
    const names = ports_of(step, direction, problems_of);
    books[direction].set(step, names);
    return names;
  };
}

type Names = ReadonlySet<string> | null;

function ports_of(step: DraftStep, direction: Direction, problems_of: ConfigProblems): Names {
  const { entry } = step;
  if (entry === null) return null;
  const { input_ports, output_ports } = entry.metadata;
  const by_type = (direction === 'input' ? input_ports : output_ports).map((port) => port.name);
  const by_step = direction === 'input' ? step.input_ports : [...step.output_ports, failure_port];
  const by_config = configured_ports(step, direction, problems_of);
  if (by_config === null || by_type.includes('*') || by_config.includes('*')) return null;
  return new Set([...by_type, ...by_config, ...by_step]);
}

/** null: the config is not sound, so that a type whose ports follow from it cannot say which. */
function configured_ports(
  step: DraftStep,
  direction: Direction,
  problems_of: ConfigProblems,
): readonly string[] | null {
  const control = step.entry?.control;
  if (control?.ports === undefined) return [];
  if (step.config === null || problems_of(step).length > 0) return null;
  try {
    return control.ports(step.config)[direction] ?? [];
  } catch {
    // It must answer for configs that fit its schema; with `${…}` in them they may not fit yet.
    return null;
  }
}
