import type { FiredPorts, Job, Json, JsonObject } from '@llmteam/contracts';
import type { ArrivedValues } from '../catalog/port-check.js';
import type { Variables } from '../engine/expression.js';

/** The variables that expressions in a job's config can see: its own ports, plus whatever else the engine sent with the job. */
export function jobVariables(job: Job, { input, ports }: ArrivedValues): Variables {
  const sent = job.variables ?? {};
  const steps = (sent.steps ?? {}) as Readonly<Record<string, FiredPorts>>;
  const run = (sent.run ?? {}) as JsonObject;
  const loop = sent.loop as { readonly index: number; readonly item: Json } | undefined;
  const variables: Variables = {
    run: { id: job.run_id, input: run.input ?? null, segment_id: job.segment_id, tenant_id: job.tenant_id },
    input,
    ports: { ...ports, input },
    step: (stepId) => (Object.hasOwn(steps, stepId) ? steps[stepId] : undefined),
  };
  return loop === undefined ? variables : { ...variables, loop };
}
