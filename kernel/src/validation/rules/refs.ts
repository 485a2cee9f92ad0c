import type { Json, Problem } from '@llmteam/contracts';
import { child_pointer } from '../../json/json-pointer.js';
import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import type { Study } from '../study.js';
import { type RefKind, ref_kinds } from '../validation-context.js';
import { error, hint, quoted } from '../wording.js';

/** Keys that end in `_ref` or `_refs`, anywhere in a config, name things that are configured. */
export const refs: Rule = function* (study) {
  if (study.context.refs === undefined) return;
  for (const step of study.draft.steps) {
    if (step.config !== null) yield* refs_within(step.config, `${step.pointer}/config`, step, study);
  }
};

/** Depth is bounded: values deeper than the cap never come here. */
function* refs_within(value: Json, pointer: string, step: DraftStep, study: Study): Iterable<Problem> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries<Json>(value)) {
    const path = child_pointer(pointer, key);
    const kind = kind_of(key);
    if (kind === null) yield* refs_within(member, path, step, study);
    else yield* check_names(kind, member, path, step, study);
  }
}

/** `fallback_llm_refs` → `llm_ref` */
function kind_of(key: string): RefKind | null {
  if (!/_refs?$/.test(key)) return null;
  const one = key.endsWith('s') ? key.slice(0, -1) : key;
  return ref_kinds.find((kind) => one === kind || one.endsWith(`_${kind}`)) ?? null;
}

function* check_names(kind: RefKind, value: Json, path: string, step: DraftStep, study: Study): Iterable<Problem> {
  if (Array.isArray(value)) {
    for (const [index, name] of value.entries()) yield* check_name(kind, name, `${path}/${index}`, step, study);
  } else if (typeof value === 'string') yield* check_name(kind, value, path, step, study);
  else yield* refs_within(value, path, step, study);
}

function* check_name(kind: RefKind, name: Json, path: string, step: DraftStep, study: Study): Iterable<Problem> {
  const known = study.context.refs?.[kind];
  if (known === undefined || typeof name !== 'string' || name.includes('${') || known.has(name)) return;
  const names = known.names();
  const suggestion = study.closest.find(name, names);
  const message = `${step.subject}: no ${kind} ${quoted(name)} is configured${hint(suggestion, names, 'there is')}`;
  yield error('UNKNOWN_REF', path, message, suggestion);
}
