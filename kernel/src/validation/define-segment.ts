import { type Definition, LlmteamError, type Segment } from '@llmteam/contracts';
import type { PinnedTypes, StepCatalog } from '../catalog/step-catalog.js';

/**
 * Builds the definition that runs execute: the segment plus, for each step `type` as written, the newest matching version
 * (`StepCatalog.chooseFor`).
 * @throws LlmteamError `SEGMENT_INVALID` if a type or version is not installed, which cannot happen for a valid segment
 */
export function defineSegment(segment: Segment, catalog: StepCatalog, pinned?: PinnedTypes): Definition {
  const stepTypes = new Map<string, string>();
  for (const { step_id, type } of segment.steps) {
    if (stepTypes.has(type)) continue;
    const choice = catalog.chooseFor(type, pinned);
    if (choice.kind !== 'found') {
      throw new LlmteamError('SEGMENT_INVALID', `step '${step_id}': no installed step type is '${type}'`);
    }
    stepTypes.set(type, choice.entry.metadata.version);
  }
  return { segment, step_types: Object.fromEntries(stepTypes) };
}
