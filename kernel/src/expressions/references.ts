import type { Reference } from '../engine/expression.js';
import { type PathTerm, parts_of, type Term } from './term.js';

/** Every path an expression reads, each once, in the order they are written. */
export function references_of(term: Term): readonly Reference[] {
  const found: Reference[] = [];
  visit_paths(term, (path) => found.push(Object.freeze([path.root, ...path.keys.map(({ name }) => name)])));
  return distinct_references(found);
}

export function distinct_references(references: readonly Reference[]): readonly Reference[] {
  const distinct = new Map(references.map((reference) => [JSON.stringify(reference), reference]));
  return Object.freeze([...distinct.values()]);
}

/** The steps that an expression asks for with `has()` somewhere. */
export function guarded_steps_of(term: Term): ReadonlySet<string> {
  const steps = new Set<string>();
  visit_paths(term, ({ root, keys: [step] }, is_guard) => {
    if (is_guard && root === 'steps' && step !== undefined) steps.add(step.name);
  });
  return steps;
}

function visit_paths(term: Term, visit: (path: PathTerm, is_guard: boolean) => void, is_guard = false): void {
  if (term.kind === 'path') visit(term, is_guard);
  for (const part of parts_of(term)) visit_paths(part, visit, term.kind === 'has');
}
