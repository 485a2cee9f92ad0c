import type { Json, JsonObject, Problem } from '@llmteam/contracts';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { ClosestName } from '../closest-name.js';
import { error } from '../wording.js';
import { makeVerboseAjv } from './ajv.js';
import { onePerCause } from './causes.js';
import { type Scene, schemaProblems } from './schema-problems.js';
import { type SchemaFault, vetSchema } from './schema-vetting.js';
import { metered, untrustedAjv } from './untrusted-ajv.js';
import { checkUnits, WorkExceeded, WorkMeter } from './work-meter.js';

/** A compiled schema from a segment, or the reasons it cannot be compiled. */
interface UserSchema {
  readonly faults: readonly SchemaFault[];
  /** Problems of a value, which must be within the JSON caps; empty if the schema has faults. */
  check(value: Json, scene: Scene): Problem[];
}

/** Errors beyond this number are dropped: every item of a list of a million may be wrong. */
const maxErrors = 10_000;

const compiled = new WeakMap<JsonObject, UserSchema>();

/** Cached per schema object. */
export function userSchema(schema: JsonObject): UserSchema {
  const known = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, known);
  return known;
}

function compile(schema: JsonObject): UserSchema {
  const meter = new WorkMeter();
  const ajv = untrustedAjv(meter);
  const closest = new ClosestName();
  const vetted = vetSchema(schema, new Set(Object.keys(ajv.formats)), closest);
  if (vetted.length > 0) return unusable(vetted);
  const { $id: _, ...copy }: JsonObject = JSON.parse(JSON.stringify(schema));
  const faults = metaFaults(copy, closest);
  if (faults.length > 0) return unusable(faults);
  try {
    const validate = ajv.compile(metered(copy));
    return { faults, check: (value, scene) => runCheck(validate, meter, value, scene) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return unusable([{ kind: 'violation', pointer: '', text: `is not valid: ${why}` }]);
  }
}

function unusable(faults: readonly SchemaFault[]): UserSchema {
  return { faults, check: () => [] };
}

function runCheck(validate: ValidateFunction, meter: WorkMeter, value: Json, scene: Scene): Problem[] {
  meter.start();
  try {
    if (validate(value)) return [];
  } catch (thrown) {
    // A schema that recurses forever overflows the stack before the meter runs out.
    if (!(thrown instanceof WorkExceeded) && !(thrown instanceof RangeError)) throw thrown;
    const { name } = scene.subject([]);
    return [error('LIMIT_EXCEEDED', scene.base, `${name}: the schema requires more than ${checkUnits} checks`)];
  }
  return schemaProblems(onePerCause((validate.errors ?? []).slice(0, maxErrors)), scene);
}

/** Created on first use: compiling the meta-schema takes longer than most commands. */
const metaChecker: { ajv: Ajv2020 | null } = { ajv: null };

/** The meta-schema's complaints about keyword values, at most one per path. */
function metaFaults(schema: JsonObject, closest: ClosestName): SchemaFault[] {
  metaChecker.ajv ??= makeVerboseAjv({ meta: true });
  const { ajv } = metaChecker;
  if (ajv.validateSchema(schema) === true) return [];
  const errors: ErrorObject[] = ajv.errors ?? [];
  const scene: Scene = { base: '', closest, subject: (tokens) => ({ name: '', depth: tokens.length }) };
  const faults = new Map<string, SchemaFault>();
  for (const { path, message, suggestion } of schemaProblems(onePerCause(errors), scene)) {
    if (!faults.has(path)) faults.set(path, { kind: 'violation', pointer: path, text: message.trim(), suggestion });
  }
  return [...faults.values()];
}
