import type { JsonObject } from '@llmteam/contracts';
import { ClosestName } from './closest-name.js';
import { type ConfigProblems, configProblems } from './config-problems.js';
import { type Draft, readDraft } from './draft.js';
import { type DraftGraph, studyGraph } from './draft-graph.js';
import { findExpressions, type SegmentExpressions } from './expression-places.js';
import { type PortBook, portBook } from './step-ports.js';
import type { ValidationContext } from './validation-context.js';
import { type Visibility, visibility } from './visibility.js';

/** The analysis shared by all rules, computed once per validation. */
export interface Study {
  readonly draft: Draft;
  readonly context: ValidationContext;
  readonly closest: ClosestName;
  /** null if there are no steps. */
  readonly graph: DraftGraph | null;
  readonly configProblems: ConfigProblems;
  readonly portsOf: PortBook;
  readonly expressions: SegmentExpressions;
  readonly visibility: Visibility | null;
}

export function studySegment(value: JsonObject, context: ValidationContext): Study {
  const { catalog } = context;
  const draft = readDraft(value, catalog);
  const graph = draft.steps.length === 0 ? null : studyGraph(draft, catalog);
  const closest = new ClosestName();
  const problemsOf = configProblems(catalog, closest);
  const portsOf = portBook(problemsOf);
  return {
    draft,
    context,
    closest,
    graph,
    configProblems: problemsOf,
    portsOf,
    expressions: findExpressions(draft, context),
    visibility: graph === null ? null : visibility(draft, graph, portsOf),
  };
}
