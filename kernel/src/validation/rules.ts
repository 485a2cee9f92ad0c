import type { Rule } from './rule.js';
import { config } from './rules/config.js';
import { declaredPorts } from './rules/declared-ports.js';
import { duplicateEdges } from './rules/duplicate-edges.js';
import { duplicateIds } from './rules/duplicate-ids.js';
import { edgeEnds } from './rules/edge-ends.js';
import { entrypoint } from './rules/entrypoint.js';
import { expressions } from './rules/expressions.js';
import { grants } from './rules/grants.js';
import { graph } from './rules/graph.js';
import { innerSteps } from './rules/inner-steps.js';
import { inputKeys } from './rules/input-keys.js';
import { inputSchema } from './rules/input-schema.js';
import { pinnedVersions } from './rules/pinned-versions.js';
import { placeholders } from './rules/placeholders.js';
import { ports } from './rules/ports.js';
import { severalEdges } from './rules/several-edges.js';
import { stepOptions } from './rules/step-options.js';
import { stepTypes } from './rules/step-types.js';
import { structure } from './rules/structure.js';
import { taskTimeouts } from './rules/task-timeouts.js';
import { values } from './rules/values.js';
import { variables } from './rules/variables.js';
import { workers } from './rules/workers.js';

/** All validation rules. Problems at the same path are reported in this order. */
export const rules: readonly Rule[] = [
  structure,
  inputSchema,
  duplicateIds,
  entrypoint,
  stepTypes,
  pinnedVersions,
  stepOptions,
  workers,
  config,
  innerSteps,
  values,
  grants,
  declaredPorts,
  edgeEnds,
  duplicateEdges,
  ports,
  graph,
  expressions,
  variables,
  inputKeys,
  placeholders,
  severalEdges,
  taskTimeouts,
];
