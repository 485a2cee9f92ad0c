/**
 * Purpose: one error per cause out of what Ajv reports, which is one per branch of a union and one more for the union.
 * Owns: choosing the branch that was meant. Does not own: words.
 * Invariants: linear in the errors; an error that nothing explains better is kept.
 */
import type { ErrorObject } from 'ajv';
import { childPointer } from '../../json/json-pointer.js';

type Excuse = (error: ErrorObject) => boolean;

interface Finding {
  readonly error: ErrorObject;
  /** Nothing is known to be wrong: the value is only known when the step runs. */
  readonly isExcused: boolean;
}

/** Keywords of errors made here, beside those of Ajv. */
export const oneOfKeys = 'one of keys';
export const noBranch = 'no branch';
export const severalBranches = 'several branches';

/** The errors must come from an Ajv with `allErrors` and `verbose`. */
export function onePerCause(errors: readonly ErrorObject[], excuse: Excuse = () => false): ErrorObject[] {
  const kept: Finding[] = [];
  const faulty = outrightFaults(errors);
  for (const error of errors) {
    const causes = takeCauses(kept, error);
    const isExcused = excuse(error) || asksForFault(error, faulty) || causes.some((cause) => cause.isExcused);
    if (isExcused) kept.push({ error, isExcused });
    else kept.push(...explain(error, causes).map((found) => ({ error: found, isExcused })));
  }
  return kept.filter((finding) => !finding.isExcused).map((finding) => finding.error);
}

/** Places that are wrong whatever an `if` decides. */
function outrightFaults(errors: readonly ErrorObject[]): ReadonlySet<string> {
  if (!errors.some((error) => error.keyword === 'if')) return new Set();
  const outright = errors.filter(({ schemaPath }) => !/\/(?:then|else)\//.test(schemaPath));
  return new Set(outright.map((error) => error.instancePath));
}

/** An `if` about a value that is wrong itself decides nothing: what follows from it may not be meant. */
function asksForFault(error: ErrorObject, faulty: ReadonlySet<string>): boolean {
  return error.keyword === 'if' && askedKeys(error).some((key) => faulty.has(childPointer(error.instancePath, key)));
}

/** The keys whose values an `if` depends on. */
export function askedKeys({ parentSchema }: ErrorObject): string[] {
  const asked: unknown = parentSchema?.if;
  const properties: unknown = typeof asked === 'object' && asked !== null ? Reflect.get(asked, 'properties') : null;
  return typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
}

/** Removes what Ajv reported just before as the reasons of `error`. */
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
    return branchesOf(error).flatMap((_, offset) => branchPrefixes(error, offset));
  return keyword === 'contains' || keyword === 'propertyNames' ? [`${schemaPath}/`] : [];
}

function branchesOf(error: ErrorObject): readonly unknown[] {
  return Array.isArray(error.schema) ? error.schema : [];
}

/** Errors of a branch that is a `$ref` carry the path of what it refers to. */
function branchPrefixes(error: ErrorObject, offset: number): string[] {
  const own = `${error.schemaPath}/${offset}/`;
  const branch = branchesOf(error)[offset];
  const ref = typeof branch === 'object' && branch !== null && '$ref' in branch ? branch.$ref : undefined;
  return typeof ref === 'string' ? [own, `${ref}/`] : [own];
}

function explain(error: ErrorObject, causes: readonly Finding[]): ErrorObject[] {
  const reasons = causes.map((cause) => cause.error);
  if (error.keyword === 'if') return reasons.length > 0 ? reasons : [error];
  if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') return [error];
  const groups = branchesOf(error).map((_, offset) => {
    const prefixes = branchPrefixes(error, offset);
    return reasons.filter((reason) => prefixes.some((prefix) => reason.schemaPath.startsWith(prefix)));
  });
  return [...(keysThatExclude(error, groups) ?? sameKind(error, groups) ?? bestBranch(error, groups))];
}

type Groups = readonly (readonly ErrorObject[])[];

/** Every branch asks for one key: none is there, or more than one. */
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

/** All branches complain of the type, or of the value, of the same thing: one error with all that is allowed. */
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

/** The branch whose type, and whose fixed values, fit. */
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
