import type { Json, Problem } from '@llmteam/contracts';
import { childPointer } from '../../json/json-pointer.js';
import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { type RefKind, refKinds } from '../validation-context.js';
import { error, hint, listed, problem, quoted } from '../wording.js';

/** Config members whose keys end in `_ref` or `_refs`, at any depth, name configured resources that can be used. */
export const refs: Rule = function* (analysis) {
  if (analysis.context.refs === undefined) return;
  for (const step of analysis.draft.steps) {
    if (step.config !== null) yield* refsWithin(step.config, `${step.pointer}/config`, step, analysis);
  }
};

/** Recursion is bounded by the depth cap, which is checked first. */
function* refsWithin(value: Json, pointer: string, step: DraftStep, analysis: SegmentAnalysis): Iterable<Problem> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries<Json>(value)) {
    const path = childPointer(pointer, key);
    const kind = kindOf(key);
    if (kind === null) yield* refsWithin(member, path, step, analysis);
    else yield* checkNames(kind, member, path, step, analysis);
  }
}

/** `fallback_llm_refs` → `llm_ref` */
function kindOf(key: string): RefKind | null {
  if (!/_refs?$/.test(key)) return null;
  const one = key.endsWith('s') ? key.slice(0, -1) : key;
  return refKinds.find((kind) => one === kind || one.endsWith(`_${kind}`)) ?? null;
}

function* checkNames(
  kind: RefKind,
  value: Json,
  path: string,
  step: DraftStep,
  analysis: SegmentAnalysis,
): Iterable<Problem> {
  if (Array.isArray(value)) {
    for (const [index, name] of value.entries()) yield* checkName(kind, name, `${path}/${index}`, step, analysis);
  } else if (typeof value === 'string') yield* checkName(kind, value, path, step, analysis);
  else yield* refsWithin(value, path, step, analysis);
}

function* checkName(
  kind: RefKind,
  name: Json,
  path: string,
  step: DraftStep,
  analysis: SegmentAnalysis,
): Iterable<Problem> {
  const known = analysis.context.refs?.[kind];
  if (known === undefined || typeof name !== 'string' || name.includes('${')) return;
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
