import type { Json, JsonObject, Problem } from '@llmteam/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { ClosestName } from '../closest-name.js';
import { error } from '../wording.js';
import { one_per_cause } from './causes.js';
import { compare_as_text } from './comparisons.js';
import { type Scene, schema_problems } from './schema-problems.js';
import { type SchemaFault, vet_schema } from './schema-vetting.js';
import { metered, untrusted_ajv } from './untrusted-ajv.js';
import { check_units, WorkExceeded, WorkMeter } from './work-meter.js';

/** A schema from a segment, compiled, or why it cannot be. */
interface UserSchema {
  readonly faults: readonly SchemaFault[];
  /** Problems of a value, which must be within the caps for JSON; none if the schema has faults. */
  check(value: Json, scene: Scene): Problem[];
}

/** No reader gets further; a list of a million items may all be wrong. */
const most_errors = 10_000;

const compiled = new WeakMap<JsonObject, UserSchema>();

/** Kept as long as the schema object is: who validates often keeps the segment. */
export function user_schema(schema: JsonObject): UserSchema {
  const known = compiled.get(schema) ?? compile(schema);
  compiled.set(schema, known);
  return known;
}

function compile(schema: JsonObject): UserSchema {
  const meter = new WorkMeter();
  const ajv = untrusted_ajv(meter);
  const closest = new ClosestName();
  const vetted = vet_schema(schema, new Set(Object.keys(ajv.formats)), closest);
  if (vetted.length > 0) return unusable(vetted);
  const { $id: _, ...copy }: JsonObject = JSON.parse(JSON.stringify(schema));
  const faults = meta_faults(copy, closest);
  if (faults.length > 0) return unusable(faults);
  try {
    const validate = ajv.compile(metered(copy));
    return { faults, check: (value, scene) => run_check(validate, meter, value, scene) };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return unusable([{ kind: 'violation', pointer: '', text: `is not valid: ${why}` }]);
  }
}

function unusable(faults: readonly SchemaFault[]): UserSchema {
  return { faults, check: () => [] };
}

function run_check(validate: ValidateFunction, meter: WorkMeter, value: Json, scene: Scene): Problem[] {
  meter.start();
  try {
    if (validate(value)) return [];
  } catch (thrown) {
    // A schema that refers to itself without end overflows the stack before the meter runs out.
    if (!(thrown instanceof WorkExceeded) && !(thrown instanceof RangeError)) throw thrown;
    const { name } = scene.subject([]);
    return [error('LIMIT_EXCEEDED', scene.base, `${name}: the schema asks for more than ${check_units} checks`)];
  }
  return schema_problems(one_per_cause((validate.errors ?? []).slice(0, most_errors)), scene);
}

/** Made when the first schema comes: compiling the meta-schema takes longer than most commands. */
const meta_checker = new WeakMap<typeof Ajv2020, Ajv2020>();

function make_meta_checker(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, logger: false });
  compare_as_text(ajv, () => undefined);
  return ajv;
}

/** What the meta-schema says of the form of keywords' values: one fault for each place. */
function meta_faults(schema: JsonObject, closest: ClosestName): SchemaFault[] {
  const ajv = meta_checker.get(Ajv2020) ?? make_meta_checker();
  meta_checker.set(Ajv2020, ajv);
  if (ajv.validateSchema(schema) === true) return [];
  const errors: ErrorObject[] = ajv.errors ?? [];
  const scene: Scene = { base: '', closest, subject: (tokens) => ({ name: '', depth: tokens.length }) };
  const faults = new Map<string, SchemaFault>();
  for (const { path, message, suggestion } of schema_problems(one_per_cause(errors), scene)) {
    if (!faults.has(path)) faults.set(path, { kind: 'violation', pointer: path, text: message.trim(), suggestion });
  }
  return [...faults.values()];
}
