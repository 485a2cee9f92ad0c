import type { Reference } from '../engine/expression.js';
import { type PathTerm, partsOf, type Term } from './term.js';

/** The distinct paths an expression reads, in source order. */
export function referencesOf(term: Term): readonly Reference[] {
  const found: Reference[] = [];
  visitPaths(term, (path) => found.push(Object.freeze([path.root, ...path.keys.map(({ name }) => name)])));
  return distinctReferences(found);
}

export function distinctReferences(references: readonly Reference[]): readonly Reference[] {
  const distinct = new Map(references.map((reference) => [JSON.stringify(reference), reference]));
  return Object.freeze([...distinct.values()]);
}

/** The steps an expression tests with `has()` anywhere. */
export function guardedStepsOf(term: Term): ReadonlySet<string> {
  const steps = new Set<string>();
  visitPaths(term, ({ root, keys: [step] }, isGuard) => {
    if (isGuard && root === 'steps' && step !== undefined) steps.add(step.name);
  });
  return steps;
}

function visitPaths(term: Term, visit: (path: PathTerm, isGuard: boolean) => void, isGuard = false): void {
  if (term.kind === 'path') visit(term, isGuard);
  for (const part of partsOf(term)) visitPaths(part, visit, term.kind === 'has');
}
