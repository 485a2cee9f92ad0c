import type { Rule } from './rule.js';
import { config } from './rules/config.js';
import { duplicate_ids } from './rules/duplicate-ids.js';
import { edge_ends } from './rules/edge-ends.js';
import { entrypoint } from './rules/entrypoint.js';
import { expressions } from './rules/expressions.js';
import { graph } from './rules/graph.js';
import { input_schema } from './rules/input-schema.js';
import { ports } from './rules/ports.js';
import { refs } from './rules/refs.js';
import { several_edges } from './rules/several-edges.js';
import { step_types } from './rules/step-types.js';
import { structure } from './rules/structure.js';
import { task_timeouts } from './rules/task-timeouts.js';
import { variables } from './rules/variables.js';
import { workers } from './rules/workers.js';

/** Every law a segment is held to. Of two problems at one place the one of the earlier rule comes first. */
export const rules: readonly Rule[] = [
  structure,
  input_schema,
  duplicate_ids,
  entrypoint,
  step_types,
  workers,
  config,
  refs,
  edge_ends,
  ports,
  graph,
  expressions,
  variables,
  several_edges,
  task_timeouts,
];
