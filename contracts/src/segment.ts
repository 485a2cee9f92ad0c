import { type Static, Type } from 'typebox';
import { caps } from './caps.js';
import { Identifier, PortName } from './ids.js';
import { JsonRecord } from './json.js';

const strict = { additionalProperties: false } as const;

export const RetryPolicy = Type.Object(
  {
    max_attempts: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: caps.attempts_per_step,
        description: 'Total number of attempts, including the first. Default: `params.max_retries` + 1.',
      }),
    ),
    initial_interval_seconds: Type.Optional(
      Type.Number({ minimum: 0, default: 1, description: 'Delay before the second attempt.' }),
    ),
    backoff: Type.Optional(Type.Number({ minimum: 1, default: 2, description: 'Factor by which the delay grows.' })),
    max_interval_seconds: Type.Optional(
      Type.Number({ minimum: 0, default: 60, description: 'Maximum delay, before jitter of up to 20 %.' }),
    ),
    non_retryable: Type.Optional(Type.Array(Type.String(), { description: 'Error codes that are never retried.' })),
  },
  { ...strict, $id: 'RetryPolicy', description: 'How often and how soon a failed attempt is retried.' },
);
export type RetryPolicy = Static<typeof RetryPolicy>;

export const StepPorts = Type.Object(
  {
    input: Type.Optional(Type.Array(PortName, { uniqueItems: true })),
    output: Type.Optional(Type.Array(PortName, { uniqueItems: true })),
  },
  { ...strict, description: 'Ports of this step in addition to those of its type.' },
);

export const Step = Type.Object(
  {
    step_id: Identifier,
    type: Type.String({
      pattern: '^[a-z][a-z0-9_]*(@[0-9A-Za-z.^~*<>=| -]+)?$',
      maxLength: 128,
      description: 'A step type, optionally with a version range: `llm_agent`, `llm_agent@1`, `acme_ocr@^2.1`.',
    }),
    name: Type.Optional(Type.String({ maxLength: 256 })),
    config: Type.Optional(JsonRecord),
    ports: Type.Optional(StepPorts),
    retry: Type.Optional(RetryPolicy),
    timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Time limit for one attempt, from its start, iterations and child runs included.',
      }),
    ),
    queue_timeout_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Time limit from queued to started, after which the step fails with `NO_WORKER`.',
      }),
    ),
    position: Type.Optional(Type.Object({ x: Type.Number(), y: Type.Number() }, strict)),
    ui: Type.Optional(
      Type.Object(
        {
          color: Type.Optional(Type.String({ maxLength: 64 })),
          icon: Type.Optional(Type.String({ maxLength: 64 })),
          collapsed: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
  },
  { ...strict, $id: 'Step', description: 'A step of a segment.' },
);
export type Step = Static<typeof Step>;

export const Edge = Type.Object(
  {
    from: Identifier,
    from_port: Type.Optional(Type.String({ default: 'output', maxLength: 64 })),
    to: Identifier,
    to_port: Type.Optional(Type.String({ default: 'input', maxLength: 64 })),
    condition: Type.Optional(
      Type.String({ description: 'Boolean CEL; the edge is taken if it is true. `value` is the value on the port.' }),
    ),
  },
  { ...strict, $id: 'Edge', description: 'An edge from an output port of one step to an input port of another.' },
);
export type Edge = Static<typeof Edge>;

export const SegmentParams = Type.Object(
  {
    max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: caps.attempts_per_step - 1, default: 3 })),
    timeout_seconds: Type.Optional(
      Type.Union([Type.Number({ exclusiveMinimum: 0 }), Type.Null()], {
        default: 300,
        description: 'Time limit for the whole run, pauses not counted; `null` for none.',
      }),
    ),
    parallel_execution: Type.Optional(
      Type.Boolean({ default: true, description: 'If false, at most one job of the run is in flight.' }),
    ),
    max_parallel: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_000,
        default: caps.parallel_width,
        description: 'Maximum number of jobs of the run in flight.',
      }),
    ),
    on_failure: Type.Optional(
      Type.Enum(['fail_fast', 'finish_branches'], {
        default: 'fail_fast',
        description: 'What happens to the other branches when a failure is not caught.',
      }),
    ),
  },
  { ...strict, $id: 'SegmentParams' },
);
export type SegmentParams = Static<typeof SegmentParams>;

/** A workflow as written by its author. */
export const Segment = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'Ignored; lets editors offer completion.' })),
    version: Type.Optional(Type.Enum(['1.0'], { default: '1.0' })),
    segment_id: Identifier,
    name: Type.String({ maxLength: 256 }),
    description: Type.Optional(Type.String({ default: '' })),
    entrypoint: Type.String({ maxLength: 64, description: 'Id of the first step.' }),
    params: Type.Optional(SegmentParams),
    input_schema: Type.Optional(
      Type.Unsafe<JsonObjectSchema>({ type: 'object', description: "JSON Schema that a run's input must match." }),
    ),
    output: Type.Optional(Type.String({ description: "CEL; the run's output." })),
    steps: Type.Array(Step, { maxItems: caps.steps_per_segment }),
    edges: Type.Optional(Type.Array(Edge, { maxItems: caps.edges_per_segment })),
    metadata: Type.Optional(JsonRecord),
  },
  { ...strict, $id: 'Segment', description: 'A workflow: a graph of steps.' },
);
type JsonObjectSchema = Readonly<Record<string, unknown>>;
export type Segment = Static<typeof Segment>;
