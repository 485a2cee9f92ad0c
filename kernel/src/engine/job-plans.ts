import { type ControlJob, type Definition, LlmteamError, type Step } from '@llmteam/contracts';
import type { ExpressionCompiler } from './expression.js';
import { rootRegion } from './graph.js';
import { retryPlan } from './retry-policy.js';
import { findType, type StepPlan, type StepType, type StepTypes } from './step-plan.js';

/** The jobs of a step, by name. */
export type JobPlanner = (step: Step, type: StepType) => ReadonlyMap<string, StepPlan>;

const none: ReadonlyMap<string, StepPlan> = new Map();

/** Plans what control steps may run besides the steps of the segment. @throws LlmteamError `SEGMENT_INVALID` */
export function jobPlanner(definition: Definition, types: StepTypes, compiler: ExpressionCompiler): JobPlanner {
  return (step, { control }) => {
    const jobs = control?.jobs?.(step.config ?? {}) ?? [];
    if (jobs.length === 0) return none;
    return new Map(jobs.map((job) => [job.name, planJob(step, job, definition, types, compiler)]));
  };
}

function planJob(
  { step_id }: Step,
  job: ControlJob,
  definition: Definition,
  types: StepTypes,
  compiler: ExpressionCompiler,
): StepPlan {
  const named = { step_id: `${step_id}/${job.name}`, type: job.type };
  const type = findType(named, definition, types);
  const { metadata, control } = type;
  if (control !== null) {
    throw new LlmteamError(
      'SEGMENT_INVALID',
      `step '${named.step_id}': '${job.type}' is no task, so it cannot be a job`,
    );
  }
  return {
    index: -1,
    step_id: job.name,
    type,
    type_id: metadata.type_id,
    config: compiler.template(job.config, metadata.config_schema),
    retry: retryPlan(job.retry, definition.segment.params?.max_retries ?? 3, metadata.supports_retry),
    timeout_seconds: job.timeout_seconds ?? null,
    queue_timeout_seconds: null,
    journalStart: metadata.is_async,
    region: rootRegion,
    incoming: [],
    outgoing: [],
    body: [],
    isEager: false,
    catchesFailures: false,
    extraPorts: [],
    resultPorts: metadata.output_ports.map(({ name }) => name).filter((name) => name !== 'error'),
    firesAllPorts: true,
    isJob: true,
    jobs: none,
  };
}
