import { type Static, Type } from 'typebox';
import { JsonRecord, JsonValue } from './json.js';

/** One attempt of a task step, as delivered to a worker. */
export const Job = Type.Object(
  {
    job_id: Type.String({ description: '`<run_id>/<step key>#<attempt>`; an attempt always has the same id.' }),
    run_id: Type.String(),
    tenant_id: Type.String(),
    instance_id: Type.String(),
    segment_id: Type.String(),
    step: Type.String({ description: 'Step key.' }),
    step_id: Type.String(),
    scope: Type.String(),
    step_type: Type.String(),
    type_version: Type.String({ description: 'Exact version of the step type.' }),
    attempt: Type.Integer({ minimum: 1 }),
    idempotency_key: Type.String({ description: '`<run_id>/<step key>`; the same for all attempts of the step.' }),
    config: JsonRecord,
    input: JsonValue,
    ports: Type.Optional(JsonRecord),
    extra_ports: Type.Optional(
      Type.Array(Type.String(), { description: 'Output ports in addition to those of the step type.' }),
    ),
    variables: Type.Optional(
      Type.Unsafe<JsonObjectOf>({
        type: 'object',
        description: "Variables read by the expressions in the step's config.",
      }),
    ),
    memos: Type.Optional(JsonRecord),
    timeout_seconds: Type.Union([Type.Number(), Type.Null()]),
    deadline_at: Type.Union([Type.Integer(), Type.Null()], {
      description: 'When the run times out; epoch milliseconds.',
    }),
    journal_start: Type.Boolean({
      description:
        'Whether the worker appends `step.started` before it runs the handler; otherwise only if that takes long.',
    }),
    trace_id: Type.String(),
    traceparent: Type.Optional(
      Type.String({ description: 'W3C Trace Context: the span of the attempt. Absent if the run is not traced.' }),
    ),
    tracestate: Type.Optional(Type.String()),
  },
  { additionalProperties: false, $id: 'Job' },
);
type JsonObjectOf = import('./json.js').JsonObject;
export type Job = Static<typeof Job>;

/** The queue of a job: `<step type>@<major version>`. */
export function queueName(stepType: string, version: string): string {
  return `${stepType}@${version.slice(0, version.indexOf('.'))}`;
}
