import type { Json, JsonObject, Problem } from '@llmteam/contracts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { error } from '../wording.js';
import { onePerCause } from './causes.js';
import { faultsOf } from './schema-form.js';
import { schemaProblems, type ValueContext } from './schema-problems.js';
import type { SchemaFault } from './schema-vetting.js';
import { metered, untrustedAjv } from './untrusted-ajv.js';
import { checkUnits, WorkExceeded, WorkMeter } from './work-meter.js';

/** A schema from a segment, or the reasons why it cannot be used. */
interface UserSchema {
  readonly faults: readonly SchemaFault[];
  /** Problems of a value, which must be within the JSON caps; empty if the schema has faults. */
  check(value: Json, context: ValueContext): Problem[];
}

/** Errors beyond this number are dropped: every item of a list of a million may be wrong. */
const maxErrors = 10_000;

const compiled = new WeakMap<JsonObject, UserSchema>();

/** Compiled and cached per schema object. */
export function userSchema(schema: JsonObject): UserSchema {
  const known = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, known);
  return known;
}

function compile(schema: JsonObject): UserSchema {
  const faults = faultsOf(schema);
  if (faults.length > 0) return unusable(faults);
  const meter = new WorkMeter();
  const { $id: _, ...copy }: JsonObject = JSON.parse(JSON.stringify(schema));
  try {
    const validate = untrustedAjv(meter).compile(metered(copy));
    return { faults, check: (value, context) => runCheck(validate, meter, value, context) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return unusable([{ kind: 'violation', pointer: '', text: `is not valid: ${why}` }]);
  }
}

function unusable(faults: readonly SchemaFault[]): UserSchema {
  return { faults, check: () => [] };
}

function runCheck(validate: ValidateFunction, meter: WorkMeter, value: Json, context: ValueContext): Problem[] {
  meter.start();
  try {
    if (validate(value)) return [];
  } catch (thrown) {
    // A schema that recurses forever overflows the stack before the meter runs out.
    if (!(thrown instanceof WorkExceeded) && !(thrown instanceof RangeError)) throw thrown;
    const { name } = context.subject([]);
    return [error('LIMIT_EXCEEDED', context.base, `${name}: the schema requires more than ${checkUnits} checks`)];
  }
  return schemaProblems(onePerCause((validate.errors ?? []).slice(0, maxErrors)), context);
}
