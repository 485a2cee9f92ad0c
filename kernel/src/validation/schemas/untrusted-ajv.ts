/**
 * Purpose: an Ajv for one schema that a user wrote.
 * Owns: bounding its work. Ajv takes schemas for trusted code; what passed the vetting still may check for hours: references
 * that double, comparisons of every item with every other, patterns.
 * Invariants:
 *   U1 Every subschema is counted as it is applied, with a weight for what its keywords look at.
 *   U2 Patterns are RE2's; formats see no long texts.
 */
import type { Json, JsonObject } from '@llmteam/contracts';
import { Ajv2020, type Format } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { add_formats } from '../../catalog/formats.js';
import { compile_pattern } from '../../expressions/patterns.js';
import { compare_as_text } from './comparisons.js';
import { each_subschema } from './schema-vetting.js';
import type { WorkMeter } from './work-meter.js';

const meter_keyword = 'x-llmteam-work';
/** A unit buys so many steps of an automaton, characters of a length, items of a list, and one key: each key may be an error. */
const steps_per_unit = 50;
const characters_per_unit = 500;
const items_per_unit = 10;
/** Some formats are expressions that take the square of the length. */
const format_characters = 2_048;

export function untrusted_ajv(meter: WorkMeter): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: false,
    logger: false,
    meta: false,
    validateSchema: false,
    inlineRefs: false,
    // A schema is compiled for few values: what optimizing costs is not won back.
    code: { optimize: false, regExp: Object.assign((source: string) => re2_pattern(source, meter), { code: 're2' }) },
  });
  add_formats(ajv);
  for (const name of Object.keys(ajv.formats)) bound_format(ajv, name, meter);
  ajv.addKeyword({
    keyword: meter_keyword,
    validate: (weight: number, data: unknown) => {
      meter.spend(weight + looked_at(data));
      return true;
    },
  });
  compare_as_text(ajv, (units) => meter.spend(units));
  return ajv;
}

/** A copy of the schema in which every subschema is counted. */
export function metered(schema: JsonObject): JsonObject {
  const copy = structuredClone(schema);
  each_subschema(copy, '', (subschema) => {
    Object.assign(subschema, { [meter_keyword]: weight_of(subschema) });
  });
  return copy;
}

/** What the keywords of one subschema look for in an object. Comparisons with whole values are counted as they are made. */
function weight_of({ required, properties, dependentRequired }: JsonObject): number {
  return 1 + nodes_of(required) + nodes_of(dependentRequired) + Object.keys(properties ?? {}).length;
}

function nodes_of(value: Json | undefined): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values<Json>(value).reduce<number>((sum, member) => sum + 1 + nodes_of(member), 0);
}

function looked_at(data: unknown): number {
  if (typeof data === 'string') return data.length / characters_per_unit;
  if (Array.isArray(data)) return data.length / items_per_unit;
  return typeof data === 'object' && data !== null ? Object.keys(data).length : 0;
}

/** Ajv keeps patterns by what their `toString` gives; without one of its own every pattern would be taken for the first. */
function re2_pattern(source: string, meter: WorkMeter) {
  const compiled = compile_pattern(RE2JS.translateRegExp(source));
  if ('reason' in compiled) throw new SyntaxError(compiled.reason);
  return {
    test: (text: string): boolean => {
      meter.spend(1 + (text.length * compiled.program_size) / steps_per_unit);
      return compiled.test(text);
    },
    toString: () => `re2:${source}`,
  };
}

/** Formats of numbers, and those that take every text, are left as they are. */
function bound_format(ajv: Ajv2020, name: string, meter: WorkMeter): void {
  const test = text_test(ajv.formats[name]);
  if (test === null) return;
  ajv.addFormat(name, (text: string) => {
    if (text.length > format_characters) return false;
    meter.spend(1 + text.length ** 2 / characters_per_unit);
    return test(text);
  });
}

function text_test(format: Format | undefined): ((text: string) => boolean) | null {
  if (typeof format === 'object' && 'type' in format && format.type === 'number') return null;
  const test: unknown = typeof format === 'object' && 'validate' in format ? format.validate : format;
  if (test instanceof RegExp) return (text) => test.test(text);
  return typeof test === 'function' ? (text) => test(text) === true : null;
}
