import type { Problem } from '@llmteam/contracts';
import type { DraftStep } from '../draft.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { type RefKind, refKinds } from '../validation-context.js';
import type { ValueCheck } from '../value-check.js';
import { error, hint, listed, problem, quoted } from '../wording.js';

/** Config members whose keys end in `_ref` or `_refs`, at any depth, name configured resources that can be used. */
export const refs: ValueCheck = function* ({ value, pointer, path }, step, analysis) {
  if (typeof value !== 'string') return;
  const [key, parent] = path.toReversed();
  const kind = kindOf(typeof key === 'number' ? parent : key);
  if (kind !== null) yield* checkName(kind, value, pointer, step, analysis);
};

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
  if (known === undefined || name.includes('${')) return;
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
