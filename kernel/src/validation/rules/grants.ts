import type { PermissionKind, Problem } from '@llmteam/contracts';
import type { CatalogEntry } from '../../catalog/step-catalog.js';
import { partsOf } from '../../runtime/permission-cover.js';
import { configPlaces } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import { type Findings, pause, type Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import type { RefKind } from '../validation-context.js';
import { literalRef } from '../value-checks/refs.js';
import { problem } from '../wording.js';

/**
 * What a step will be refused when it runs: resources that its config names, and what its type declares without being granted. Known only
 * where the plugin is loaded.
 */
export const grants: Rule = function* (analysis) {
  const told = new Set<string>();
  const { draft, innerSteps } = analysis;
  for (const step of [...draft.steps, ...innerSteps.map(({ step }) => step)]) {
    yield pause;
    const { entry } = step;
    if (entry === null || entry.task === null || entry.standing.grant === 'declared') continue;
    const named = new Set<PermissionKind>();
    yield* refusedRefs(step, entry, analysis, named);
    for (const permission of entry.permissions.notGranted()) {
      const key = `${entry.plugin}/${permission}`;
      const [kind, what] = partsOf(permission);
      if (named.has(kind) || told.has(key)) continue;
      told.add(key);
      yield refused(step, `${step.pointer}/type`, entry.permissions.reasonFor('not_granted', kind, what));
    }
  }
};

/** Adds the kinds of what it tells to `named`. */
function* refusedRefs(
  step: DraftStep,
  { permissions }: CatalogEntry,
  { context }: SegmentAnalysis,
  named: Set<PermissionKind>,
): Findings {
  for (const place of configPlaces(step, context)) {
    yield pause;
    const ref = literalRef(place);
    const kind = ref === null ? undefined : kinds[ref.kind];
    if (ref === null || kind === undefined) continue;
    const fault = permissions.fault(kind, ref.name);
    if (fault === null) continue;
    named.add(kind);
    yield refused(step, place.pointer, permissions.reasonFor(fault, kind, ref.name));
  }
}

const kinds: Partial<Record<RefKind, PermissionKind>> = {
  llm_ref: 'llm',
  client_ref: 'client',
  store_ref: 'store',
  secret_ref: 'secret',
};

function refused({ subject }: DraftStep, path: string, reason: string): Problem {
  return problem('warning', 'PERMISSION_NOT_GRANTED', path, `${subject}: ${reason}`);
}
