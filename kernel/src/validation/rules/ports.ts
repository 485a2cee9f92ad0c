import type { Problem } from '@llmteam/contracts';
import type { DraftEdge, DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import type { Direction } from '../step-ports.js';
import type { Study } from '../study.js';
import { error, hint, quoted } from '../wording.js';

export const ports: Rule = function* (study) {
  for (const edge of study.draft.edges) {
    if (edge.from_step !== null) yield* checkPort(edge, edge.from_step, 'output', edge.from_port, study);
    if (edge.to_step !== null) yield* checkPort(edge, edge.to_step, 'input', edge.to_port, study);
  }
};

function* checkPort(
  edge: DraftEdge,
  step: DraftStep,
  direction: Direction,
  port: string | null,
  { closest, portsOf }: Study,
): Iterable<Problem> {
  const known = portsOf(step, direction);
  if (port === null || known === null || known.has(port)) return;
  const suggestion = closest.find(port, known);
  const key = direction === 'output' ? 'from_port' : 'to_port';
  const names = hint(suggestion, [...known], 'it has');
  const message = `${edge.subject}: ${step.subject} has no ${direction} port ${quoted(port)}${names}`;
  yield error('UNKNOWN_PORT', `${edge.pointer}/${key}`, message, suggestion);
}
