/** Purpose: a step as it is executed: its type in one version, with compiled expressions and resolved policies. */
import {
  type ControlType,
  type Definition,
  type JsonObject,
  LlmteamError,
  type Segment,
  type Step,
  type StepTypeMetadata,
} from '@llmteam/contracts';
import type { CompiledExpression, ConfigTemplate } from './expression.js';
import type { RetryPlan } from './retry-policy.js';

/** One exact version of a step type. `control` is null for task types, whose code only workers need. */
export interface StepType {
  readonly metadata: StepTypeMetadata;
  readonly control: ControlType | null;
  /** Returns what is wrong with a config after its expressions are filled in; null if it is valid. */
  checkConfig(config: JsonObject): string | null;
}

export interface StepTypes {
  find(typeId: string, version: string): StepType | undefined;
  /** Another version of a task type with the same major version, whose jobs go to the same queue. */
  findSameMajor?(typeId: string, version: string): StepType | undefined;
}

export interface EdgePlan {
  readonly from: number;
  readonly from_port: string;
  readonly to: number;
  readonly to_port: string;
  readonly condition: CompiledExpression | null;
  readonly isBack: boolean;
  /** Index among the target's incoming forward edges, or back edges for a back edge. */
  readonly order: number;
}

export interface StepPlan {
  readonly index: number;
  readonly step_id: string;
  readonly type: StepType;
  readonly type_id: string;
  /** The type as it is named: `llm_agent@^2`. */
  readonly writtenType: string;
  readonly config: ConfigTemplate;
  readonly retry: RetryPlan;
  readonly timeout_seconds: number | null;
  readonly queue_timeout_seconds: number | null;
  readonly journalStart: boolean;
  /** Index of the loop step whose region contains the step, or `rootRegion`. */
  readonly region: number;
  readonly incoming: readonly EdgePlan[];
  /** Edges from any port except `body` of a step with a region. */
  readonly outgoing: readonly EdgePlan[];
  /** Edges from `body` of a step with a region. */
  readonly body: readonly EdgePlan[];
  /** The control type is notified of each edge as it is decided. */
  readonly isEager: boolean;
  readonly catchesFailures: boolean;
  /** Output ports in addition to those of the type. */
  readonly extraPorts: readonly string[];
  /** The ports that a completed step may fire to steps outside its region. */
  readonly resultPorts: readonly string[];
  /** Whether a completed step fires all of `resultPorts` rather than one. Ports of task types are parts of one result. */
  readonly firesAllPorts: boolean;
  /** Whether a control step runs it, and it has no place in the graph. */
  readonly isInner: boolean;
  /** What a control step may run, by id. A step with a region has none, so the scopes that it opens are all of one kind. */
  readonly inner: ReadonlyMap<string, StepPlan>;
}

/** @throws LlmteamError `SEGMENT_INVALID` if no version of it is fixed, or that is not installed */
export function findType(step: Pick<Step, 'step_id' | 'type'>, definition: Definition, types: StepTypes): StepType {
  const typeId = bareType(step.type);
  const version =
    definition.step_types[step.type] ?? invalid(`step '${step.step_id}': no version is fixed for '${step.type}'`);
  return (
    types.find(typeId, version) ??
    types.findSameMajor?.(typeId, version) ??
    invalid(`step '${step.step_id}': step type '${typeId}' in version ${version} is not installed`)
  );
}

/** `llm_agent@^2` → `llm_agent` */
export function bareType(type: string): string {
  const at = type.indexOf('@');
  return at < 0 ? type : type.slice(0, at);
}

function invalid(message: string): never {
  throw new LlmteamError('SEGMENT_INVALID', message);
}

/** Control steps are repeated as a whole, with all that they start, so only a policy of their own makes them so. */
export function defaultRetries({ retry }: Pick<Step, 'retry'>, { control }: StepType, { params }: Segment): number {
  return control !== null && retry === undefined ? 0 : (params?.max_retries ?? 3);
}

export function journalsStart(
  { queue_timeout_seconds }: Pick<Step, 'queue_timeout_seconds'>,
  { control, metadata }: StepType,
): boolean {
  return control === null && (queue_timeout_seconds !== undefined || metadata.is_async);
}
