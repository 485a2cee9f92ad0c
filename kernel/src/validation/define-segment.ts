import { caps, type Definition, type JsonObject, LlmteamError, type Segment } from '@llmteam/contracts';
import type { CatalogEntry, PinnedTypes, StepCatalog } from '../catalog/step-catalog.js';

/**
 * Builds the definition that runs execute: the segment plus, for the `type` of each step and inner step as written, the newest matching
 * version (`StepCatalog.chooseFor`).
 * @throws LlmteamError `SEGMENT_INVALID` if a type or version is not installed, which cannot happen for a valid segment
 */
export function defineSegment(segment: Segment, catalog: StepCatalog, pinned?: PinnedTypes): Definition {
  const chosen = new Map<string, CatalogEntry>();
  const choose = (stepId: string, type: string): CatalogEntry => {
    const entry = chosen.get(type) ?? entryOf(stepId, type, catalog, pinned);
    chosen.set(type, entry);
    return entry;
  };
  const chooseInner = (stepId: string, { control }: CatalogEntry, config: JsonObject, depth = 1): void => {
    if (depth > caps.inner_step_depth + 1) {
      throw new LlmteamError('SEGMENT_INVALID', `step '${stepId}': inner steps are nested too deeply`);
    }
    for (const inner of control?.innerSteps?.(config) ?? []) {
      chooseInner(stepId, choose(stepId, inner.type), inner.config, depth + 1);
    }
  };
  for (const { step_id, type, config = {} } of segment.steps) chooseInner(step_id, choose(step_id, type), config);
  return {
    segment,
    step_types: Object.fromEntries([...chosen].map(([type, { metadata }]) => [type, metadata.version])),
  };
}

function entryOf(stepId: string, type: string, catalog: StepCatalog, pinned?: PinnedTypes): CatalogEntry {
  const choice = catalog.chooseFor(type, pinned);
  if (choice.kind === 'found') return choice.entry;
  throw new LlmteamError('SEGMENT_INVALID', `step '${stepId}': no installed step type is '${type}'`);
}
