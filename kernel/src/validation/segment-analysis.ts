import type { JsonObject } from '@llmteam/contracts';
import type { Work } from '../slices/slices.js';
import { ClosestName } from './closest-name.js';
import { type ConfigProblems, configProblems } from './config-problems.js';
import { asObject, type Draft, readDraft } from './draft.js';
import { analyseDraftGraph, type DraftGraph } from './draft-graph.js';
import { type DraftInnerStep, readInnerSteps } from './draft-inner-steps.js';
import { findExpressions, type SegmentExpressions } from './expression-places.js';
import { type PortLookup, portLookup } from './step-ports.js';
import type { ValidationContext } from './validation-context.js';
import { type Visibility, visibility } from './visibility.js';

/** The analysis shared by all rules, computed once per validation. */
export interface SegmentAnalysis {
  readonly draft: Draft;
  readonly context: ValidationContext;
  readonly closest: ClosestName;
  /** null if there are no steps. */
  readonly graph: DraftGraph | null;
  readonly configProblems: ConfigProblems;
  readonly innerSteps: readonly DraftInnerStep[];
  readonly portsOf: PortLookup;
  readonly expressions: SegmentExpressions;
  readonly visibility: Visibility | null;
  /** null if there is none. */
  readonly inputSchema: JsonObject | null;
}

export function* analyseSegment(value: JsonObject, context: ValidationContext): Work<SegmentAnalysis> {
  const { catalog } = context;
  const draft = yield* readDraft(value, catalog, context.pinned);
  const graph = draft.steps.length === 0 ? null : yield* analyseDraftGraph(draft, catalog);
  const closest = new ClosestName();
  const problemsOf = configProblems(catalog, closest);
  const portsOf = portLookup(problemsOf);
  const innerSteps = yield* readInnerSteps(draft, context, problemsOf);
  return {
    draft,
    context,
    closest,
    graph,
    configProblems: problemsOf,
    innerSteps,
    portsOf,
    expressions: yield* findExpressions(draft, innerSteps, context),
    inputSchema: asObject(draft.value.input_schema),
    visibility: graph === null ? null : visibility(draft, graph, portsOf),
  };
}
