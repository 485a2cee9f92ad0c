import type { Problem } from '@llmteam/contracts';
import type { ConfigPlace } from '../config-places.js';
import type { DraftStep } from '../draft.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { type RefKind, refKinds } from '../validation-context.js';
import type { ValueCheck } from '../value-check.js';
import { error, hint, listed, problem, quoted } from '../wording.js';

/** Config members whose keys end in `_ref` or `_refs`, at any depth, name configured resources that can be used. */
export const refs: ValueCheck = function* (place, step, analysis) {
  const ref = literalRef(place);
  if (ref !== null) yield* checkName(ref.kind, ref.name, place.pointer, step, analysis);
};

/** The resource that a value names, unless it is an expression. */
export function literalRef({ value, path }: ConfigPlace): { readonly kind: RefKind; readonly name: string } | null {
  if (typeof value !== 'string' || value.includes('${')) return null;
  const [key, parent] = path.toReversed();
  const kind = kindOf(typeof key === 'number' ? parent : key);
  return kind === null ? null : { kind, name: value };
}

/** `fallback_llm_refs` → `llm_ref` */
function kindOf(key: string | number | undefined): RefKind | null {
  if (typeof key !== 'string' || !/_refs?$/.test(key)) return null;
  const one = key.endsWith('s') ? key.slice(0, -1) : key;
  return refKinds.find((kind) => one === kind || one.endsWith(`_${kind}`)) ?? null;
}

function* checkName(
  kind: RefKind,
  name: string,
  path: string,
  step: DraftStep,
  analysis: SegmentAnalysis,
): Iterable<Problem> {
  const known = analysis.context.refs?.[kind];
  if (known === undefined) return;
  if (known.has(name)) {
    const unset = known.unset?.(name) ?? [];
    if (unset.length === 0) return;
    const message = `${step.subject}: ${kind} ${quoted(name)} needs ${listed(unset, 'and')}, not set in the environment`;
    yield problem('warning', 'VARIABLE_NOT_SET', path, message);
    return;
  }
  const names = known.names();
  const suggestion = analysis.closest.find(name, names);
  const message = `${step.subject}: no ${kind} ${quoted(name)} is configured${hint(suggestion, names, 'configured:')}`;
  yield error('UNKNOWN_REF', path, message, suggestion);
}
