/**
 * Purpose: a possibly invalid segment, read as far as it makes sense, so that one mistake does not hide another.
 * Invariants: a value that is absent or has the wrong type becomes null or is omitted from its list; no JSON value makes this throw.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import type { CatalogEntry, PinnedTypes, StepCatalog, VersionChoice } from '../catalog/step-catalog.js';
import { bareType } from '../engine/step-plan.js';
import { mapped, type Work } from '../slices/slices.js';
import { quoted } from './wording.js';

export interface DraftStep {
  /** Index in `steps`. */
  readonly index: number;
  readonly pointer: string;
  /** The step's name in messages. */
  readonly subject: string;
  readonly step_id: string | null;
  readonly type: string | null;
  /** `{}` if absent. */
  readonly config: JsonObject | null;
  readonly input_ports: readonly string[];
  readonly output_ports: readonly string[];
  /** null if there is no type to look up. */
  readonly choice: VersionChoice | null;
  readonly entry: CatalogEntry | null;
}

export interface DraftEdge {
  readonly index: number;
  readonly pointer: string;
  readonly subject: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly from_step: DraftStep | null;
  readonly to_step: DraftStep | null;
  readonly from_port: string | null;
  readonly to_port: string | null;
  readonly condition: string | null;
}

export interface Draft {
  readonly value: JsonObject;
  readonly steps: readonly DraftStep[];
  /** The first step if an id occurs twice. */
  readonly byId: ReadonlyMap<string, DraftStep>;
  readonly edges: readonly DraftEdge[];
  readonly entrypoint: string | null;
  readonly params: JsonObject;
}

export function* readDraft(value: JsonObject, catalog: StepCatalog, pinned?: PinnedTypes): Work<Draft> {
  const choices = new Map<string, VersionChoice>();
  const choose = (type: string): VersionChoice => {
    const known = choices.get(type) ?? catalog.chooseFor(type, pinned);
    choices.set(type, known);
    return known;
  };
  const steps = yield* mapped(listOf(value.steps), (step, index) => readStep(asObject(step) ?? {}, index, choose));
  const byId = new Map<string, DraftStep>();
  for (const step of steps) if (step.step_id !== null && !byId.has(step.step_id)) byId.set(step.step_id, step);
  const edges = yield* mapped(listOf(value.edges), (edge, index) => readEdge(asObject(edge), index, byId));
  return { value, steps, byId, edges, entrypoint: asText(value.entrypoint), params: asObject(value.params) ?? {} };
}

function readStep(step: JsonObject, index: number, choose: (type: string) => VersionChoice): DraftStep {
  const stepId = asText(step.step_id);
  const type = asText(step.type);
  const choice = type === null ? null : choose(type);
  const ports = asObject(step.ports) ?? {};
  return {
    index,
    pointer: `/steps/${index}`,
    subject: stepId === null ? `step no. ${index + 1}` : `step ${quoted(stepId)}`,
    step_id: stepId,
    type,
    config: step.config === undefined ? {} : asObject(step.config),
    input_ports: listOf(ports.input).filter((port) => typeof port === 'string'),
    output_ports: listOf(ports.output).filter((port) => typeof port === 'string'),
    choice,
    entry: choice?.kind === 'found' ? choice.entry : null,
  };
}

function readEdge(edge: JsonObject | null, index: number, byId: ReadonlyMap<string, DraftStep>): DraftEdge {
  const from = asText(edge?.from);
  const to = asText(edge?.to);
  const names = from === null || to === null ? `no. ${index + 1}` : `${quoted(from)} → ${quoted(to)}`;
  return {
    index,
    pointer: `/edges/${index}`,
    subject: `edge ${names}`,
    from,
    to,
    from_step: byId.get(from ?? '') ?? null,
    to_step: byId.get(to ?? '') ?? null,
    from_port: edge?.from_port === undefined ? 'output' : asText(edge.from_port),
    to_port: edge?.to_port === undefined ? 'input' : asText(edge.to_port),
    condition: asText(edge?.condition),
  };
}

export function asObject(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function asText(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The step's catalog entry, ignoring its version range; good enough to know its shape in the graph. */
export function entryOfAnyVersion(step: DraftStep, catalog: StepCatalog): CatalogEntry | null {
  if (step.entry !== null || step.type === null) return step.entry;
  const choice = catalog.choose(bareType(step.type));
  return choice.kind === 'found' ? choice.entry : null;
}
