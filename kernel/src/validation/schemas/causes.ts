/**
 * Purpose: one error per cause out of what Ajv reports, which is one per branch of a union and one more for the union.
 * Owns: choosing the branch that was meant. Does not own: words.
 * Invariants: linear in the errors; an error that nothing explains better is kept.
 */
import type { ErrorObject } from 'ajv';
import { child_pointer } from '../../json/json-pointer.js';

type Excuse = (error: ErrorObject) => boolean;

interface Finding {
  readonly error: ErrorObject;
  /** Nothing is known to be wrong: the value is only known when the step runs. */
  readonly is_excused: boolean;
}

/** Keywords of errors made here, beside those of Ajv. */
export const one_of_keys = 'one of keys';
export const no_branch = 'no branch';
export const several_branches = 'several branches';

/** The errors must come from an Ajv with `allErrors` and `verbose`. */
export function one_per_cause(errors: readonly ErrorObject[], excuse: Excuse = () => false): ErrorObject[] {
  const kept: Finding[] = [];
  const faulty = outright_faults(errors);
  for (const error of errors) {
    const causes = take_causes(kept, error);
    const is_excused = excuse(error) || asks_for_fault(error, faulty) || causes.some((cause) => cause.is_excused);
    if (is_excused) kept.push({ error, is_excused });
    else kept.push(...explain(error, causes).map((found) => ({ error: found, is_excused })));
  }
  return kept.filter((finding) => !finding.is_excused).map((finding) => finding.error);
}

/** Places that are wrong whatever an `if` decides. */
function outright_faults(errors: readonly ErrorObject[]): ReadonlySet<string> {
  if (!errors.some((error) => error.keyword === 'if')) return new Set();
  const outright = errors.filter(({ schemaPath }) => !/\/(?:then|else)\//.test(schemaPath));
  return new Set(outright.map((error) => error.instancePath));
}

/** An `if` about a value that is wrong itself decides nothing: what follows from it may not be meant. */
function asks_for_fault(error: ErrorObject, faulty: ReadonlySet<string>): boolean {
  return error.keyword === 'if' && asked_keys(error).some((key) => faulty.has(child_pointer(error.instancePath, key)));
}

/** The keys whose values an `if` depends on. */
export function asked_keys({ parentSchema }: ErrorObject): string[] {
  const asked: unknown = parentSchema?.if;
  const properties: unknown = typeof asked === 'object' && asked !== null ? Reflect.get(asked, 'properties') : null;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** Removes what Ajv reported just before as the reasons of `error`. */
function take_causes(kept: Finding[], error: ErrorObject): Finding[] {
  const prefixes = cause_prefixes(error);
  if (prefixes.length === 0) return [];
  let first = kept.length;
  while (first > 0 && is_within(kept[first - 1], error, prefixes)) first--;
  return kept.splice(first);
}

function is_within(finding: Finding | undefined, whole: ErrorObject, prefixes: readonly string[]): boolean {
  if (finding === undefined || !finding.error.instancePath.startsWith(whole.instancePath)) return false;
  return prefixes.some((prefix) => finding.error.schemaPath.startsWith(prefix));
}

function cause_prefixes(error: ErrorObject): string[] {
  const { keyword, schemaPath } = error;
  if (keyword === 'if') return ['then', 'else'].map((branch) => `${schemaPath.slice(0, -2)}${branch}/`);
  if (keyword === 'anyOf' || keyword === 'oneOf')
    return branches_of(error).flatMap((_, at) => branch_prefixes(error, at));
  return keyword === 'contains' || keyword === 'propertyNames' ? [`${schemaPath}/`] : [];
}

function branches_of(error: ErrorObject): readonly unknown[] {
  return Array.isArray(error.schema) ? error.schema : [];
}

/** Errors of a branch that is a `$ref` carry the path of what it refers to. */
function branch_prefixes(error: ErrorObject, at: number): string[] {
  const own = `${error.schemaPath}/${at}/`;
  const branch = branches_of(error)[at];
  const ref = typeof branch === 'object' && branch !== null && '$ref' in branch ? branch.$ref : undefined;
  return typeof ref === 'string' ? [own, `${ref}/`] : [own];
}

function explain(error: ErrorObject, causes: readonly Finding[]): ErrorObject[] {
  const reasons = causes.map((cause) => cause.error);
  if (error.keyword === 'if') return reasons.length > 0 ? reasons : [error];
  if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') return [error];
  const groups = branches_of(error).map((_, at) => {
    const prefixes = branch_prefixes(error, at);
    return reasons.filter((reason) => prefixes.some((prefix) => reason.schemaPath.startsWith(prefix)));
  });
  return [...(keys_that_exclude(error, groups) ?? same_kind(error, groups) ?? best_branch(error, groups))];
}

type Groups = readonly (readonly ErrorObject[])[];

/** Every branch asks for one key: none is there, or more than one. */
function keys_that_exclude(error: ErrorObject, groups: Groups): ErrorObject[] | null {
  const keys = branches_of(error).map(only_required_key);
  const is_missing = groups.every((group) => group.length === 1 && group[0]?.keyword === 'required');
  const passing: unknown = error.params.passingSchemas;
  if (Array.isArray(passing)) {
    const given = passing.map((branch: number) => keys[branch]);
    const keyword = given.includes(null) ? several_branches : one_of_keys;
    return [{ ...error, keyword, params: { keys: given, given: true } }];
  }
  if (keys.includes(null) || !is_missing) return null;
  return [{ ...error, keyword: one_of_keys, params: { keys, given: false } }];
}

function only_required_key(branch: unknown): string | null {
  if (typeof branch !== 'object' || branch === null || !('required' in branch)) return null;
  return Array.isArray(branch.required) && branch.required.length === 1 ? String(branch.required[0]) : null;
}

/** All branches complain of the type, or of the value, of the same thing: one error with all that is allowed. */
function same_kind(error: ErrorObject, groups: Groups): ErrorObject[] | null {
  const all = groups.flat();
  const is_about = (keywords: readonly string[]): boolean =>
    groups.every((group) => group.length > 0) &&
    all.every((one) => keywords.includes(one.keyword) && one.instancePath === error.instancePath);
  if (is_about(['type'])) {
    return [{ ...error, keyword: 'type', params: { type: all.flatMap((one) => one.params.type) } }];
  }
  if (!is_about(['enum', 'const'])) return null;
  const allowed = all.flatMap((one) => one.params.allowedValues ?? [one.params.allowedValue]);
  return [{ ...error, keyword: 'enum', params: { allowedValues: allowed } }];
}

/** The branch whose type, and whose fixed values, fit. */
function best_branch(error: ErrorObject, groups: Groups): readonly ErrorObject[] {
  const given = groups.filter((group) => group.length > 0);
  const typed = given.filter((group) => !group.some((one) => one.keyword === 'type' && is_at(one, error)));
  const fixed = typed.filter((group) => !group.some((one) => one.keyword === 'const' || one.keyword === 'enum'));
  for (const choice of [fixed, typed, given]) {
    if (choice.length === 1) return choice[0] ?? [];
    if (choice.length > 1) break;
  }
  return [{ ...error, keyword: no_branch }];
}

function is_at(one: ErrorObject, whole: ErrorObject): boolean {
  return one.instancePath === whole.instancePath;
}
