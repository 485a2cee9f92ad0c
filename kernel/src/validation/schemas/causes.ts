/**
 * Purpose: reduces Ajv's errors to one per cause. For a union, Ajv reports errors for every branch plus one for the union itself.
 * Owns: choosing the branch the author meant. Does not own: the wording.
 * Invariants: linear in the number of errors; an error without a better explanation is kept.
 */
import type { ErrorObject } from 'ajv';
import { childPointer } from '../../json/json-pointer.js';
import { templatePattern } from './pattern-words.js';

type IsDeferred = (error: ErrorObject) => boolean;

interface Finding {
  readonly error: ErrorObject;
  /** Not a problem yet, because the value is only known when the step runs. */
  readonly isDeferred: boolean;
}

/** Keywords of the errors created here, in addition to Ajv's. */
export const oneOfKeys = 'one of keys';
export const noBranch = 'no branch';
export const severalBranches = 'several branches';

/** The errors must come from an Ajv with `allErrors` and `verbose`. */
export function onePerCause(errors: readonly ErrorObject[], isDeferredError: IsDeferred = () => false): ErrorObject[] {
  const kept: Finding[] = [];
  const faulty = unconditionalFaults(errors);
  for (const error of errors) {
    const causes = takeCauses(kept, error);
    const isDeferred =
      isDeferredError(error) || dependsOnFault(error, faulty) || causes.some((cause) => cause.isDeferred);
    if (isDeferred) kept.push({ error, isDeferred });
    else kept.push(...explain(error, causes).map((found) => ({ error: found, isDeferred })));
  }
  return kept.filter((finding) => !finding.isDeferred).map((finding) => finding.error);
}

/** Paths that are wrong regardless of any `if`. */
function unconditionalFaults(errors: readonly ErrorObject[]): ReadonlySet<string> {
  if (!errors.some((error) => error.keyword === 'if')) return new Set();
  const outright = errors.filter(({ schemaPath }) => !/\/(?:then|else)\//.test(schemaPath));
  return new Set(outright.map((error) => error.instancePath));
}

/** An `if` that tests a wrong value proves nothing: its consequences may not be what the author meant. */
function dependsOnFault(error: ErrorObject, faulty: ReadonlySet<string>): boolean {
  return (
    error.keyword === 'if' && conditionKeys(error).some((key) => faulty.has(childPointer(error.instancePath, key)))
  );
}

/** The keys whose values an `if` depends on. */
export function conditionKeys({ parentSchema }: ErrorObject): string[] {
  const asked: unknown = parentSchema?.if;
  const properties: unknown = typeof asked === 'object' && asked !== null ? Reflect.get(asked, 'properties') : null;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** Removes and returns the causes of `error`, which Ajv reports directly before it. */
function takeCauses(kept: Finding[], error: ErrorObject): Finding[] {
  const prefixes = causePrefixes(error);
  if (prefixes.length === 0) return [];
  let first = kept.length;
  while (first > 0 && isWithin(kept[first - 1], error, prefixes)) first--;
  return kept.splice(first);
}

function isWithin(finding: Finding | undefined, whole: ErrorObject, prefixes: readonly string[]): boolean {
  if (finding === undefined || !finding.error.instancePath.startsWith(whole.instancePath)) return false;
  return prefixes.some((prefix) => finding.error.schemaPath.startsWith(prefix));
}

function causePrefixes(error: ErrorObject): string[] {
  const { keyword, schemaPath } = error;
  if (keyword === 'if') return ['then', 'else'].map((branch) => `${schemaPath.slice(0, -2)}${branch}/`);
  if (keyword === 'anyOf' || keyword === 'oneOf')
    return branchesOf(error).flatMap((_, index) => branchPrefixes(error, index));
  return keyword === 'contains' || keyword === 'propertyNames' ? [`${schemaPath}/`] : [];
}

function branchesOf(error: ErrorObject): readonly unknown[] {
  return Array.isArray(error.schema) ? error.schema : [];
}

/** Errors of a branch that is a `$ref` carry the schema path of its target. */
function branchPrefixes(error: ErrorObject, index: number): string[] {
  const own = `${error.schemaPath}/${index}/`;
  const branch = branchesOf(error)[index];
  const ref = typeof branch === 'object' && branch !== null && '$ref' in branch ? branch.$ref : undefined;
  return typeof ref === 'string' ? [own, `${ref}/`] : [own];
}

function explain(error: ErrorObject, causes: readonly Finding[]): ErrorObject[] {
  const reasons = causes.map((cause) => cause.error);
  if (error.keyword === 'if') return reasons.length > 0 ? reasons : [error];
  if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') return [error];
  const groups = branchesOf(error).flatMap((branch, index) => {
    const prefixes = branchPrefixes(error, index);
    const group = reasons.filter((reason) => prefixes.some((prefix) => reason.schemaPath.startsWith(prefix)));
    // Whoever meant `${…}` wrote it.
    return isTemplate(branch) ? [] : [group];
  });
  return [...(keysThatExclude(error, groups) ?? sameKind(error, groups) ?? bestBranch(error, groups))];
}

function isTemplate(branch: unknown): boolean {
  return typeof branch === 'object' && branch !== null && Reflect.get(branch, 'pattern') === templatePattern;
}

type Groups = readonly (readonly ErrorObject[])[];

/** For a union whose branches each require one key: none of the keys is present, or more than one. */
function keysThatExclude(error: ErrorObject, groups: Groups): ErrorObject[] | null {
  const keys = branchesOf(error).map(onlyRequiredKey);
  const isMissing = groups.every((group) => group.length === 1 && group[0]?.keyword === 'required');
  const passing: unknown = error.params.passingSchemas;
  if (Array.isArray(passing)) {
    const given = passing.map((branch: number) => keys[branch]);
    const keyword = given.includes(null) ? severalBranches : oneOfKeys;
    return [{ ...error, keyword, params: { keys: given, given: true } }];
  }
  if (keys.includes(null) || !isMissing) return null;
  return [{ ...error, keyword: oneOfKeys, params: { keys, given: false } }];
}

function onlyRequiredKey(branch: unknown): string | null {
  if (typeof branch !== 'object' || branch === null || !('required' in branch)) return null;
  return Array.isArray(branch.required) && branch.required.length === 1 ? String(branch.required[0]) : null;
}

/** If all branches reject the type, or the value, at the same path, merges them into one error that lists everything allowed. */
function sameKind(error: ErrorObject, groups: Groups): ErrorObject[] | null {
  const all = groups.flat();
  const isAbout = (keywords: readonly string[]): boolean =>
    groups.every((group) => group.length > 0) &&
    all.every((one) => keywords.includes(one.keyword) && one.instancePath === error.instancePath);
  if (isAbout(['type'])) {
    return [{ ...error, keyword: 'type', params: { type: all.flatMap((one) => one.params.type) } }];
  }
  if (!isAbout(['enum', 'const'])) return null;
  const allowed = all.flatMap((one) => one.params.allowedValues ?? [one.params.allowedValue]);
  return [{ ...error, keyword: 'enum', params: { allowedValues: allowed } }];
}

/** The only branch whose type and constants match; a `noBranch` error if there is no such branch. */
function bestBranch(error: ErrorObject, groups: Groups): readonly ErrorObject[] {
  const given = groups.filter((group) => group.length > 0);
  const typed = given.filter((group) => !group.some((one) => one.keyword === 'type' && isAt(one, error)));
  const fixed = typed.filter((group) => !group.some((one) => one.keyword === 'const' || one.keyword === 'enum'));
  for (const choice of [fixed, typed, given]) {
    if (choice.length === 1) return choice[0] ?? [];
    if (choice.length > 1) break;
  }
  return [{ ...error, keyword: noBranch }];
}

function isAt(one: ErrorObject, whole: ErrorObject): boolean {
  return one.instancePath === whole.instancePath;
}
