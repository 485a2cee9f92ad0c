/**
 * Purpose: a segment that may be wrong, read as far as it makes sense, so that one mistake does not hide another.
 * Invariants: whatever is absent or has the wrong type is null, or absent from a list; nothing here throws on any JSON.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import type { CatalogEntry, StepCatalog, VersionChoice } from '../catalog/step-catalog.js';
import { bare_type } from '../engine/plan.js';
import { quoted } from './wording.js';

export interface DraftStep {
  /** Index in `steps`. */
  readonly place: number;
  readonly pointer: string;
  /** As messages name it. */
  readonly subject: string;
  readonly step_id: string | null;
  readonly type: string | null;
  /** `{}` if absent. */
  readonly config: JsonObject | null;
  readonly input_ports: readonly string[];
  readonly output_ports: readonly string[];
  /** null: there is no type to look up. */
  readonly choice: VersionChoice | null;
  readonly entry: CatalogEntry | null;
}

export interface DraftEdge {
  readonly place: number;
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
  /** Where an id occurs twice: the first. */
  readonly by_id: ReadonlyMap<string, DraftStep>;
  readonly edges: readonly DraftEdge[];
  readonly entrypoint: string | null;
  readonly params: JsonObject;
}

export function read_draft(value: JsonObject, catalog: StepCatalog): Draft {
  const choices = new Map<string, VersionChoice>();
  const choose = (type: string): VersionChoice => {
    const known = choices.get(type) ?? catalog.choose(type);
    choices.set(type, known);
    return known;
  };
  const steps = list_of(value.steps).map((step, place) => read_step(as_object(step) ?? {}, place, choose));
  const by_id = new Map<string, DraftStep>();
  for (const step of steps) if (step.step_id !== null && !by_id.has(step.step_id)) by_id.set(step.step_id, step);
  const edges = list_of(value.edges).map((edge, place) => read_edge(as_object(edge), place, by_id));
  return { value, steps, by_id, edges, entrypoint: as_text(value.entrypoint), params: as_object(value.params) ?? {} };
}

function read_step(step: JsonObject, place: number, choose: (type: string) => VersionChoice): DraftStep {
  const step_id = as_text(step.step_id);
  const type = as_text(step.type);
  const choice = type === null ? null : choose(type);
  const ports = as_object(step.ports) ?? {};
  return {
    place,
    pointer: `/steps/${place}`,
    subject: step_id === null ? `step no. ${place + 1}` : `step ${quoted(step_id)}`,
    step_id,
    type,
    config: step.config === undefined ? {} : as_object(step.config),
    input_ports: list_of(ports.input).filter((port) => typeof port === 'string'),
    output_ports: list_of(ports.output).filter((port) => typeof port === 'string'),
    choice,
    entry: choice?.kind === 'found' ? choice.entry : null,
  };
}

function read_edge(edge: JsonObject | null, place: number, by_id: ReadonlyMap<string, DraftStep>): DraftEdge {
  const from = as_text(edge?.from);
  const to = as_text(edge?.to);
  const names = from === null || to === null ? `no. ${place + 1}` : `${quoted(from)} → ${quoted(to)}`;
  return {
    place,
    pointer: `/edges/${place}`,
    subject: `edge ${names}`,
    from,
    to,
    from_step: by_id.get(from ?? '') ?? null,
    to_step: by_id.get(to ?? '') ?? null,
    from_port: edge?.from_port === undefined ? 'output' : as_text(edge.from_port),
    to_port: edge?.to_port === undefined ? 'input' : as_text(edge.to_port),
    condition: as_text(edge?.condition),
  };
}

export function as_object(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

export function as_text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

export function list_of(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** What the step would be if its version were there: enough to know its shape in the graph. */
export function entry_of_any_version(step: DraftStep, catalog: StepCatalog): CatalogEntry | null {
  if (step.entry !== null || step.type === null) return step.entry;
  const choice = catalog.choose(bare_type(step.type));
  return choice.kind === 'found' ? choice.entry : null;
}
