import { ClosestName } from './closest-name.js';
import { makeVerboseAjv } from './schemas/ajv.js';
import { onePerCause } from './schemas/causes.js';
import { schemaProblems } from './schemas/schema-problems.js';

export interface ContractFault {
  /** JSON Pointer. */
  readonly path: string;
  readonly message: string;
}

/**
 * Describes why a value violates one of our own schemas, in the same words as segment problems. Only for values already known to
 * be invalid: it recompiles the schema with verbose errors.
 */
export function contractFaults(schema: object, value: unknown, name: string): ContractFault[] {
  const ajv = makeVerboseAjv();
  ajv.validate(schema, value);
  const scene = { base: '', closest: new ClosestName(), subject: () => ({ name, depth: 0 }) };
  return schemaProblems(onePerCause(ajv.errors ?? []), scene).map(({ path, message }) => ({ path, message }));
}
