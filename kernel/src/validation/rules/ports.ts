import type { Problem } from '@llmteam/contracts';
import type { DraftEdge, DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import type { Direction } from '../step-ports.js';
import { error, hint, quoted } from '../wording.js';

export const ports: Rule = function* (analysis) {
  for (const edge of analysis.draft.edges) {
    yield pause;
    if (edge.from_step !== null) yield* checkPort(edge, edge.from_step, 'output', edge.from_port, analysis);
    if (edge.to_step !== null) yield* checkPort(edge, edge.to_step, 'input', edge.to_port, analysis);
  }
};

function* checkPort(
  edge: DraftEdge,
  step: DraftStep,
  direction: Direction,
  port: string | null,
  { closest, portsOf }: SegmentAnalysis,
): Iterable<Problem> {
  const known = portsOf(step, direction);
  if (port === null || known === null || known.has(port)) return;
  const suggestion = closest.find(port, known);
  const key = direction === 'output' ? 'from_port' : 'to_port';
  const names = hint(suggestion, [...known], 'it has');
  const message = `${edge.subject}: ${step.subject} has no ${direction} port ${quoted(port)}${names}`;
  yield error('UNKNOWN_PORT', `${edge.pointer}/${key}`, message, suggestion);
}
