/** What can be said of a user-written schema without compiling it. */
import type { JsonObject } from '@llmteam/contracts';
import type { Ajv2020 } from 'ajv/dist/2020.js';
import { childPointer } from '../../json/json-pointer.js';
import { finish, type Work } from '../../slices/slices.js';
import { ClosestName } from '../closest-name.js';
import { addFormats, makeAjv, makeVerboseAjv } from './ajv.js';
import { onePerCause } from './causes.js';
import { schemaProblems, type ValueContext } from './schema-problems.js';
import { anchorsOf, referenceFault, type SchemaFault, subschemasOf, vetSchema } from './schema-vetting.js';

const found = new WeakMap<JsonObject, readonly SchemaFault[]>();

/** Why the kernel cannot validate values with the schema; nothing if it can. Cached per schema object. */
export function* findingFaults(schema: JsonObject): Work<readonly SchemaFault[]> {
  const known = found.get(schema);
  if (known !== undefined) return known;
  const closest = new ClosestName();
  const vetted = yield* vetSchema(schema, formats(), closest);
  const faults = vetted.length > 0 ? vetted : metaFaults(schema, closest);
  found.set(schema, faults);
  return faults;
}

/** {@link findingFaults}, at once. */
export function faultsOf(schema: JsonObject): readonly SchemaFault[] {
  return finish(findingFaults(schema));
}

/**
 * Why a schema that a step type applies itself is none: a keyword has the wrong form, is one of `refused`, or refers to something that is not
 * in the schema.
 */
export function formFaults(schema: JsonObject, refused: readonly string[]): readonly SchemaFault[] {
  const faults: SchemaFault[] = [];
  const anchors = anchorsOf(schema);
  for (const [subschema, pointer] of subschemasOf(schema)) {
    const add = (keyword: string, text: string): unknown =>
      faults.push({ kind: 'violation', pointer: childPointer(pointer, keyword), text });
    for (const keyword of refused) if (Object.hasOwn(subschema, keyword)) add(keyword, 'is not supported here');
    const { $ref: reference } = subschema;
    const fault = typeof reference === 'string' ? referenceFault(reference, schema, anchors) : null;
    if (fault !== null) add('$ref', fault);
  }
  const { $schema: dialect, ...plain } = schema;
  if (faults.length > 0 || dialect !== undefined) return faults;
  // A list of `items` is a tuple of the earlier drafts.
  return metaFaults(plain, new ClosestName()).filter(({ pointer }) => !pointer.endsWith('/items'));
}

/** Created on first use: compiling the meta-schema takes longer than most commands. */
const shared: { metaChecker: Ajv2020 | null; formats: ReadonlySet<string> | null } = {
  metaChecker: null,
  formats: null,
};

function formats(): ReadonlySet<string> {
  shared.formats ??= new Set(Object.keys(addFormats(makeAjv()).formats));
  return shared.formats;
}

/** The meta-schema's complaints about keyword values, at most one per path. */
function metaFaults({ $id: _, ...schema }: JsonObject, closest: ClosestName): SchemaFault[] {
  shared.metaChecker ??= makeVerboseAjv({ meta: true });
  const ajv = shared.metaChecker;
  if (ajv.validateSchema(schema) === true) return [];
  const context: ValueContext = { base: '', closest, subject: (tokens) => ({ name: '', depth: tokens.length }) };
  const faults = new Map<string, SchemaFault>();
  for (const { path, message, suggestion } of schemaProblems(onePerCause(ajv.errors ?? []), context)) {
    if (!faults.has(path)) faults.set(path, { kind: 'violation', pointer: path, text: message.trim(), suggestion });
  }
  return [...faults.values()];
}
