import { type Static, Type } from 'typebox';

export const problemCodes = {
  MISSING_FIELD: 'A required key is absent.',
  INVALID_TYPE: 'A value has the wrong JSON type.',
  UNKNOWN_FIELD: 'An object has an unknown key.',
  INVALID_ID_FORMAT: 'An id does not match `^[a-z][a-z0-9_]*$` or is too long.',
  DUPLICATE_ID: 'Two steps have the same id, a JSON object the same key twice, or a step the same port.',
  EMPTY_SEGMENT: 'The segment has no steps.',
  INVALID_ENTRYPOINT: 'The entrypoint is not a step, or is inside a loop.',
  UNKNOWN_TYPE: 'No plugin provides this step type.',
  UNKNOWN_VERSION: 'No installed version of the step type is in the range.',
  VERSION_UNPINNED: 'A step names a type of a plugin without a version, so a later version may change what it means.',
  INVALID_REFERENCE: 'An edge names a step that does not exist.',
  UNKNOWN_PORT: 'An edge names a port that the step does not have.',
  SCHEMA_VIOLATION: "A value does not match its schema: a step's config, a range, a length.",
  INVALID_EXPRESSION: 'An expression is not valid CEL, or is longer, deeper or costlier than allowed.',
  UNKNOWN_VARIABLE: 'An expression uses a name that does not exist, or a step that is not upstream.',
  CYCLE: 'Steps wait for each other outside a loop type.',
  UNREACHABLE_STEP: 'No path leads from the entrypoint to the step.',
  DEAD_END_BRANCH: "A loop's `body` never returns to `next`.",
  SELF_LOOP: 'An edge leads from a step to itself.',
  REGION_ESCAPE: "An edge enters a loop's region other than from `body`, or leaves it other than to `next`.",
  UNKNOWN_REF: 'A `…_ref` names a resource that is not configured.',
  NO_WORKER: 'No live worker serves the step type.',
  LIMIT_EXCEEDED: 'A cap is exceeded.',
  MAYBE_SKIPPED: 'An expression reads a step that may have been skipped, without `has()`.',
  DUPLICATE_EDGE: 'Two edges have the same ends, ports and condition.',
  LITERAL_TEMPLATE: 'A value holds `${…}` where none is filled in.',
  FOREIGN_TEMPLATE: 'A string holds `{{name}}`, or a prompt `{a.b}`, which nothing fills in.',
  UNSUPPORTED_OPTION:
    'A step sets `retry`, `timeout_seconds` or `queue_timeout_seconds`, which its type does not support.',
  SECRET_IN_SEGMENT: 'A config holds what looks like a secret, or `env:NAME`, which only the configuration file reads.',
  AMBIGUOUS_PLACEHOLDER: 'An `{input}` may mean the whole input or its field `input`.',
  PERMISSION_NOT_GRANTED:
    'A step uses what its plugin does not declare or the configuration does not grant; it will fail with `PERMISSION_DENIED`.',
  VARIABLE_NOT_SET: 'A resource that the segment uses needs an environment variable that is not set.',
  SEVERAL_EDGES: 'Several edges lead to one port, so its value is a list. A `parallel_join` makes that explicit.',
} as const;
export type ProblemCode = keyof typeof problemCodes;

/** A problem in a segment. */
export const Problem = Type.Object(
  {
    severity: Type.Enum(['error', 'warning', 'info']),
    code: Type.Enum(Object.keys(problemCodes) as ProblemCode[]),
    message: Type.String(),
    path: Type.String({ description: 'JSON Pointer into the segment.' }),
    line: Type.Optional(Type.Integer({ minimum: 1, description: 'Line in the file, if the text is available.' })),
    suggestion: Type.Optional(Type.String()),
  },
  { additionalProperties: false, $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;
