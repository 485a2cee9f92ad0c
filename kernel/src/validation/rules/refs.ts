import type { Json, Problem } from '@llmteam/contracts';
import { childPointer } from '../../json/json-pointer.js';
import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import type { Study } from '../study.js';
import { type RefKind, refKinds } from '../validation-context.js';
import { error, hint, quoted } from '../wording.js';

/** Config members whose keys end in `_ref` or `_refs`, at any depth, name configured resources. */
export const refs: Rule = function* (study) {
  if (study.context.refs === undefined) return;
  for (const step of study.draft.steps) {
    if (step.config !== null) yield* refsWithin(step.config, `${step.pointer}/config`, step, study);
  }
};

/** Recursion is bounded by the depth cap, which is checked first. */
function* refsWithin(value: Json, pointer: string, step: DraftStep, study: Study): Iterable<Problem> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries<Json>(value)) {
    const path = childPointer(pointer, key);
    const kind = kindOf(key);
    if (kind === null) yield* refsWithin(member, path, step, study);
    else yield* checkNames(kind, member, path, step, study);
  }
}

/** `fallback_llm_refs` → `llm_ref` */
function kindOf(key: string): RefKind | null {
  if (!/_refs?$/.test(key)) return null;
  const one = key.endsWith('s') ? key.slice(0, -1) : key;
  return refKinds.find((kind) => one === kind || one.endsWith(`_${kind}`)) ?? null;
}

function* checkNames(kind: RefKind, value: Json, path: string, step: DraftStep, study: Study): Iterable<Problem> {
  if (Array.isArray(value)) {
    for (const [index, name] of value.entries()) yield* checkName(kind, name, `${path}/${index}`, step, study);
  } else if (typeof value === 'string') yield* checkName(kind, value, path, step, study);
  else yield* refsWithin(value, path, step, study);
}

function* checkName(kind: RefKind, name: Json, path: string, step: DraftStep, study: Study): Iterable<Problem> {
  const known = study.context.refs?.[kind];
  if (known === undefined || typeof name !== 'string' || name.includes('${') || known.has(name)) return;
  const names = known.names();
  const suggestion = study.closest.find(name, names);
  const message = `${step.subject}: no ${kind} ${quoted(name)} is configured${hint(suggestion, names, 'there is')}`;
  yield error('UNKNOWN_REF', path, message, suggestion);
}
