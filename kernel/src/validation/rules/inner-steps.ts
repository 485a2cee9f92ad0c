import { caps, type Problem, Step } from '@llmteam/contracts';
import { needsGraph } from '../../engine/inner-plans.js';
import type { DraftStep } from '../draft.js';
import type { DraftInnerStep } from '../draft-inner-steps.js';
import { pause, type Rule } from '../rule.js';
import { makeVerboseAjv } from '../schemas/ajv.js';
import { onePerCause } from '../schemas/causes.js';
import { identifierForm, identifierPattern } from '../schemas/pattern-words.js';
import { SchemaErrors } from '../schemas/schema-errors.js';
import { schemaProblems } from '../schemas/schema-problems.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, quoted } from '../wording.js';
import { checkType } from './step-types.js';

const identifier = new RegExp(String(identifierPattern));
/** What the schema of a segment says of a step, which nobody wrote here. */
const { retry, timeout_seconds } = Step.properties;
const Limits = { type: 'object', properties: { retry, timeout_seconds } };
/** Compiled once per process, on first use. */
const errors = new SchemaErrors(makeVerboseAjv);

/** What a control step may run has ids of its own, types that need no place in a graph, configs that match their schemas, and limits as steps have. */
export const innerSteps: Rule = function* (analysis) {
  const known = new Map<DraftStep, Set<string>>();
  for (const { owner, step, limits, excess } of analysis.innerSteps) {
    const { pointer, subject, step_id } = step;
    if (excess !== null) {
      yield error('LIMIT_EXCEEDED', pointer, `${subject}: it is beyond ${caps[excess]} (cap ${excess})`);
      continue;
    }
    const id = step_id ?? '';
    const ids = known.get(owner) ?? new Set();
    if (!identifier.test(id))
      yield error('INVALID_ID_FORMAT', pointer, `${subject}: its id is none (${identifierForm})`);
    if (ids.has(id)) yield error('DUPLICATE_ID', pointer, `${subject}: another inner step of the step has this id`);
    known.set(owner, ids.add(id));
    yield* checkStep(step, analysis);
    yield* checkLimits(step, limits, analysis);
    yield pause;
  }
};

function* checkStep(step: DraftStep, analysis: SegmentAnalysis): Iterable<Problem> {
  const { type, entry, pointer, subject } = step;
  yield* checkType(step, type ?? '', analysis);
  if (entry === null) return;
  const fault = needsGraph(entry);
  if (fault === null) {
    yield* analysis.configProblems(step);
    return;
  }
  const message = `${subject}: ${quoted(type ?? '')} ${fault}, so it cannot be an inner step`;
  yield error('SCHEMA_VIOLATION', pointer, message);
}

/** The type may take them from anywhere in its config, so the place is that of the step. */
function* checkLimits(
  { pointer, subject }: DraftStep,
  limits: DraftInnerStep['limits'],
  { closest }: SegmentAnalysis,
): Iterable<Problem> {
  const found = onePerCause(errors.of(Limits, limits));
  const context = { base: '', closest, subject: () => ({ name: subject, depth: 0 }) };
  for (const problem of schemaProblems(found, context)) yield { ...problem, path: pointer };
}
