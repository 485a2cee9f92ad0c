import type { Problem } from '@llmteam/contracts';
import { knownRoots, type PlacedExpression } from '../expression-places.js';
import { type Findings, pause, pausing, type Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, hint, listed, problem, quoted } from '../wording.js';

/** Every variable an expression reads is available at its location, and every step it reads has run by then. */
export const variables: Rule = function* (analysis) {
  for (const placed of analysis.expressions.placed) {
    const roots = new Set(placed.expression.references.map(([root]) => root ?? ''));
    for (const root of roots) yield* checkRoot(root, placed, analysis);
    const steps = new Set(
      placed.expression.references.flatMap(([root, step]) => (root === 'steps' ? (step ?? []) : [])),
    );
    for (const step of steps) yield* checkStep(step, placed, analysis);
    yield pause;
  }
};

function* checkRoot(root: string, placed: PlacedExpression, { visibility }: SegmentAnalysis): Iterable<Problem> {
  const { reader, pointer } = placed;
  const known: readonly string[] = knownRoots[reader.kind];
  if (!known.includes(root)) {
    const names = listed(reader.kind === 'output' ? known : known.filter((name) => name !== 'loop'), 'and');
    const location = { config: 'a config', condition: 'a condition', output: 'output' }[reader.kind];
    yield error(
      'UNKNOWN_VARIABLE',
      pointer,
      `${describeRead(placed, root)} ${quoted(root)}, which is not available in ${location}; available are ${names}`,
    );
  } else if (root === 'loop' && visibility?.knowsLoop(reader) === false) {
    yield error('UNKNOWN_VARIABLE', pointer, `${describeRead(placed, root)} 'loop', which is known only inside a loop`);
  }
}

function* checkStep(stepId: string, placed: PlacedExpression, analysis: SegmentAnalysis): Findings {
  const { draft, closest, visibility } = analysis;
  const { pointer, reader, expression } = placed;
  const other = draft.byId.get(stepId);
  const prefix = `${describeRead(placed, `steps.${stepId}`)} step ${quoted(stepId)}`;
  if (other === undefined) {
    if (!Array.isArray(draft.value.steps)) return;
    const suggestion = closest.find(stepId, draft.byId.keys());
    yield error('UNKNOWN_VARIABLE', pointer, `${prefix}, which does not exist${hint(suggestion)}`, suggestion);
    return;
  }
  const verdict = visibility === null ? 'not_known' : yield* pausing(visibility.of(other, reader));
  if (verdict === 'not_upstream') {
    yield error('UNKNOWN_VARIABLE', pointer, `${prefix}: ${notUpstream(stepId, placed)}`);
    return;
  }
  yield* checkPorts(stepId, placed, analysis);
  if (verdict !== 'maybe_skipped' || expression.guardedSteps.has(stepId)) return;
  const advice = `test it with has(steps.${stepId})`;
  yield problem('warning', 'MAYBE_SKIPPED', pointer, `${prefix}, which may have been skipped; ${advice}`);
}

function notUpstream(stepId: string, { reader }: PlacedExpression): string {
  if (reader.kind === 'output')
    return `step ${quoted(stepId)} lies inside a loop, whose results come from the loop's step`;
  const from = reader.kind === 'config' ? reader.step.step_id : reader.edge.from;
  if (from === stepId) return 'a step does not see its own output before it has ended';
  return `step ${quoted(stepId)} is not upstream of ${quoted(from ?? '')}`;
}

function* checkPorts(
  stepId: string,
  placed: PlacedExpression,
  { draft, closest, portsOf }: SegmentAnalysis,
): Iterable<Problem> {
  const other = draft.byId.get(stepId);
  const known = other === undefined ? null : portsOf(other, 'output');
  if (known === null) return;
  const read = placed.expression.references.filter(([root, step]) => root === 'steps' && step === stepId);
  for (const port of new Set(read.flatMap(([, , name]) => name ?? []))) {
    if (known.has(port)) continue;
    const suggestion = closest.find(port, known);
    const names = hint(suggestion, [...known], 'it has');
    const prefix = describeRead(placed, `steps.${stepId}`);
    const message = `${prefix} port ${quoted(port)} of step ${quoted(stepId)}, but the step has no such port${names}`;
    yield error('UNKNOWN_PORT', placed.pointer, message, suggestion);
  }
}

const maxExcerptLength = 80;

/** `step 'write', config: "steps.draft.output" reads, at 0,` */
function describeRead({ subject, expression }: PlacedExpression, name: string): string {
  const source = expression.source.replaceAll(/\s+/g, ' ');
  const excerpt = source.length > maxExcerptLength ? `${source.slice(0, maxExcerptLength)}…` : source;
  const offset = expression.source.indexOf(name);
  return `${subject}: "${excerpt}" reads${offset < 0 ? '' : `, at ${offset},`}`;
}
