import type { Problem } from '@llmteam/contracts';
import { knownRoots, type PlacedExpression } from '../expression-places.js';
import type { Rule } from '../rule.js';
import type { Study } from '../study.js';
import type { Verdict } from '../visibility.js';
import { error, hint, listed, problem, quoted } from '../wording.js';

/** Every variable an expression reads is available at its location, and every step it reads has run by then. */
export const variables: Rule = function* (study) {
  for (const placed of study.expressions.placed) {
    const roots = new Set(placed.expression.references.map(([root]) => root ?? ''));
    for (const root of roots) yield* checkRoot(root, placed, study);
    const steps = new Set(
      placed.expression.references.flatMap(([root, step]) => (root === 'steps' ? (step ?? []) : [])),
    );
    for (const step of steps) yield* checkStep(step, placed, study);
  }
};

function* checkRoot(root: string, placed: PlacedExpression, { visibility }: Study): Iterable<Problem> {
  const { reader, pointer } = placed;
  const known: readonly string[] = knownRoots[reader.kind];
  if (!known.includes(root)) {
    const names = listed(reader.kind === 'output' ? known : known.filter((name) => name !== 'loop'), 'and');
    const place = { config: 'a config', condition: 'a condition', output: 'output' }[reader.kind];
    yield error(
      'UNKNOWN_VARIABLE',
      pointer,
      `${says(placed, root)} ${quoted(root)}, which is not available in ${place}; available are ${names}`,
    );
  } else if (root === 'loop' && visibility?.knowsLoop(reader) === false) {
    yield error('UNKNOWN_VARIABLE', pointer, `${says(placed, root)} 'loop', which is known only inside a loop`);
  }
}

function* checkStep(stepId: string, placed: PlacedExpression, study: Study): Iterable<Problem> {
  const { draft, closest, visibility } = study;
  const { pointer, reader, expression } = placed;
  const other = draft.byId.get(stepId);
  const begin = `${says(placed, `steps.${stepId}`)} step ${quoted(stepId)}`;
  if (other === undefined) {
    if (!Array.isArray(draft.value.steps)) return;
    const suggestion = closest.find(stepId, draft.byId.keys());
    yield error('UNKNOWN_VARIABLE', pointer, `${begin}, which does not exist${hint(suggestion)}`, suggestion);
    return;
  }
  const verdict: Verdict = visibility?.of(other, reader) ?? 'not_known';
  if (verdict === 'not_upstream') {
    yield error('UNKNOWN_VARIABLE', pointer, `${begin}: ${notUpstream(stepId, placed)}`);
    return;
  }
  yield* checkPorts(stepId, placed, study);
  if (verdict !== 'maybe_skipped' || expression.guardedSteps.has(stepId)) return;
  const advice = `ask with has(steps.${stepId})`;
  yield problem('warning', 'MAYBE_SKIPPED', pointer, `${begin}, which may have been skipped; ${advice}`);
}

function notUpstream(stepId: string, { reader }: PlacedExpression): string {
  if (reader.kind === 'output')
    return `step ${quoted(stepId)} lies inside a loop, whose results come from the loop's step`;
  const from = reader.kind === 'config' ? reader.step.step_id : reader.edge.from;
  if (from === stepId) return 'a step does not see its own output before it has ended';
  return `step ${quoted(stepId)} is not upstream of ${quoted(from ?? '')}`;
}

function* checkPorts(stepId: string, placed: PlacedExpression, { draft, closest, portsOf }: Study): Iterable<Problem> {
  const other = draft.byId.get(stepId);
  const known = other === undefined ? null : portsOf(other, 'output');
  if (known === null) return;
  const read = placed.expression.references.filter(([root, step]) => root === 'steps' && step === stepId);
  for (const port of new Set(read.flatMap(([, , name]) => name ?? []))) {
    if (known.has(port)) continue;
    const suggestion = closest.find(port, known);
    const names = hint(suggestion, [...known], 'it has');
    const begin = says(placed, `steps.${stepId}`);
    const message = `${begin} port ${quoted(port)} of step ${quoted(stepId)}, but the step has no such port${names}`;
    yield error('UNKNOWN_PORT', placed.pointer, message, suggestion);
  }
}

const longestSource = 80;

/** `step 'write', config: "steps.draft.output" reads at 0` */
function says({ subject, expression }: PlacedExpression, name: string): string {
  const source = expression.source.replaceAll(/\s+/g, ' ');
  const shown = source.length > longestSource ? `${source.slice(0, longestSource)}…` : source;
  const offset = expression.source.indexOf(name);
  return `${subject}: "${shown}" reads${offset < 0 ? '' : `, at ${offset},`}`;
}
