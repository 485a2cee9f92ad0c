/** Every Ajv instance of the kernel is created here, so that all share the same options. */
import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { compareAsText, type Spend } from './comparisons.js';

/** For our own schemas and those of plugins. They are checked against the meta-schema in tests; doing it here would dominate startup. */
export function makeAjv(options: Options = {}): Ajv2020 {
  // Without `ownProperties`, every object would have a property 'constructor'.
  return new Ajv2020({ meta: false, validateSchema: false, ownProperties: true, ...options });
}

/** An Ajv that reports all errors, with the data needed to describe them, and that no value makes throw. */
export function makeVerboseAjv(options: Options = {}, spend: Spend = () => undefined): Ajv2020 {
  const ajv = makeAjv({ allErrors: true, verbose: true, strict: false, logger: false, ...options });
  compareAsText(ajv, spend);
  return ajv;
}

/** The cast is needed because ajv-formats only declares the Ajv class of another draft. */
export function addFormats(ajv: Ajv2020): Ajv2020 {
  formats.default(ajv as never);
  return ajv;
}
