/** Every Ajv instance of the kernel is created here, so that all share the same options. */
import { Ajv2020, type Format, type Options } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { compareAsText, type Spend } from './comparisons.js';

/** For our own schemas and those of plugins. They are checked against the meta-schema in tests; doing it here would dominate startup. */
export function makeAjv(options: Options = {}): Ajv2020 {
  // Without `ownProperties`, every object would have a property 'constructor'.
  // Without the precision, 0.07 would be no multiple of 0.01: neither is exact in binary.
  const always = { meta: false, validateSchema: false, ownProperties: true, multipleOfPrecision: 9 };
  return new Ajv2020({ ...always, ...options });
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

/** RFC 3339 as the engine reads it: with `T` and a colon in the offset. */
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
/** URL parsers drop control characters silently. */
const unprintable = /[^!-~\u0080-\u{10ffff}]/u;

/**
 * The formats of config schemas. `uri` is any URL that can be requested: the grammar of RFC 3986 refuses hosts and paths with letters
 * beyond ASCII.
 */
export function addConfigFormats(ajv: Ajv2020): Ajv2020 {
  addFormats(ajv);
  const isDate = textTest(ajv.formats['date-time']);
  ajv.addFormat('date-time', (text: string) => moment.test(text) && isDate?.(text) === true);
  ajv.addFormat('uri', (text: string) => !unprintable.test(text) && URL.canParse(text));
  return ajv;
}

/** How a format of strings is tested; null for formats of numbers and those that accept every text. */
export function textTest(format: Format | undefined): ((text: string) => boolean) | null {
  if (typeof format === 'object' && 'type' in format && format.type === 'number') return null;
  const test: unknown = typeof format === 'object' && 'validate' in format ? format.validate : format;
  if (test instanceof RegExp) return (text) => test.test(text);
  return typeof test === 'function' ? (text) => test(text) === true : null;
}
