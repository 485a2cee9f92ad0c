import type { Ajv2020, ErrorObject, Options, ValidateFunction } from 'ajv/dist/2020.js';

/** Ajv takes about 25 µs for each error, and in a value of 200,000 parts each part may be wrong. */
const detailedParts = 4_000;

/**
 * Validates values and collects Ajv's errors: all of them, but of a value with more parts than {@link detailedParts} only the first.
 * Schemas are compiled on first use; a valid value never needs the slower code that collects all errors.
 */
export class SchemaErrors {
  private readonly first: Compiler;
  private readonly all: Compiler;

  constructor(makeAjv: (options: Options) => Ajv2020) {
    this.first = new Compiler(() => makeAjv({ allErrors: false }));
    this.all = new Compiler(() => makeAjv({ allErrors: true }));
  }

  /** @throws Error if the schema does not compile */
  of(schema: object, value: unknown): readonly ErrorObject[] {
    const validate = this.first.compile(schema);
    if (validate(value)) return [];
    if (partsOf(value, detailedParts) > detailedParts) return validate.errors ?? [];
    const validateAll = this.all.compile(schema);
    return validateAll(value) ? [] : (validateAll.errors ?? []);
  }
}

class Compiler {
  private ajv: Ajv2020 | null = null;
  private readonly compiled = new WeakMap<object, ValidateFunction>();

  constructor(private readonly makeAjv: () => Ajv2020) {}

  compile(schema: object): ValidateFunction {
    this.ajv ??= this.makeAjv();
    const validate = this.compiled.get(schema) ?? this.ajv.compile(schema);
    this.compiled.set(schema, validate);
    return validate;
  }
}

/** The number of values within a value, counted no further than just beyond `most`. */
function partsOf(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let parts = 1;
  for (const member of Object.values(value)) {
    parts += partsOf(member, most - parts);
    if (parts > most) break;
  }
  return parts;
}
