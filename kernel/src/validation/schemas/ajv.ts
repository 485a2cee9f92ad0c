/** Every Ajv of the project is made here, so that all share the same bounds and reasons. */
import { Ajv2020, type Options } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { compareAsText, type Spend } from './comparisons.js';

/** For our own schemas and those of plugins. Tests check them against the meta-schema, which would take longer than the rest of a start. */
export function makeAjv(options: Options = {}): Ajv2020 {
  return new Ajv2020({ meta: false, validateSchema: false, ...options });
}

/** An Ajv whose errors can be put into words: it reports all of them, with the values they are about, and never throws on a value. */
export function makeVerboseAjv(options: Options = {}, spend: Spend = () => undefined): Ajv2020 {
  const ajv = makeAjv({ allErrors: true, verbose: true, strict: false, logger: false, ...options });
  compareAsText(ajv, spend);
  return ajv;
}

/** The type of ajv-formats knows the class of another draft only. */
export function addFormats(ajv: Ajv2020): Ajv2020 {
  formats.default(ajv as never);
  return ajv;
}
