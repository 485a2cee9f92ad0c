import { type Definition, LlmteamError, type Segment } from '@llmteam/contracts';
import type { StepCatalog } from '../catalog/step-catalog.js';

/**
 * What a run of the segment executes: the segment, and for each `type` its steps name, as written, the newest version that fits.
 * @throws LlmteamError `SEGMENT_INVALID` if a type or a version is not there; a segment that validates has neither.
 */
export function define_segment(segment: Segment, catalog: StepCatalog): Definition {
  const step_types = new Map<string, string>();
  for (const { step_id, type } of segment.steps) {
    if (step_types.has(type)) continue;
    const choice = catalog.choose(type);
    if (choice.kind !== 'found') {
      throw new LlmteamError('SEGMENT_INVALID', `step '${step_id}': no installed step type is '${type}'`);
    }
    step_types.set(type, choice.entry.metadata.version);
  }
  return { segment, step_types: Object.fromEntries(step_types) };
}
