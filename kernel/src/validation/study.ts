import type { JsonObject } from '@llmteam/contracts';
import { ClosestName } from './closest-name.js';
import { type ConfigProblems, config_problems } from './config-problems.js';
import { type Draft, read_draft } from './draft.js';
import { type DraftGraph, study_graph } from './draft-graph.js';
import { find_expressions, type SegmentExpressions } from './expression-places.js';
import { type PortBook, port_book } from './step-ports.js';
import type { ValidationContext } from './validation-context.js';
import { type Visibility, visibility } from './visibility.js';

/** What the rules share; made once per validation. */
export interface Study {
  readonly draft: Draft;
  readonly context: ValidationContext;
  readonly closest: ClosestName;
  /** null: there is no graph to judge, as there are no steps. */
  readonly graph: DraftGraph | null;
  readonly config_problems: ConfigProblems;
  readonly ports_of: PortBook;
  readonly expressions: SegmentExpressions;
  readonly visibility: Visibility | null;
}

export function study_segment(value: JsonObject, context: ValidationContext): Study {
  const { catalog } = context;
  const draft = read_draft(value, catalog);
  const graph = draft.steps.length === 0 ? null : study_graph(draft, catalog);
  const closest = new ClosestName();
  const problems_of = config_problems(catalog, closest);
  const ports_of = port_book(problems_of);
  return {
    draft,
    context,
    closest,
    graph,
    config_problems: problems_of,
    ports_of,
    expressions: find_expressions(draft, context),
    visibility: graph === null ? null : visibility(draft, graph, ports_of),
  };
}
